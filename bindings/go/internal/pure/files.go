package pure

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
)

// maxReadBytes is more than any file of ours becomes.
const maxReadBytes = 8 << 20

var errTooLarge = errors.New("the file would be too large")

// refused says that a file or a directory is not ours to use.
func refused(why string) error { return fmt.Errorf("%s: %w", why, fs.ErrPermission) }

// openOurs opens a file if it is ours: a regular one, no link, of this user's or root's, that not everybody may write.
// Permissions that are too wide are narrowed, and a pipe is not waited for.
func openOurs(path string, flags int) (*os.File, error) {
	file, err := openFile(path, flags|privateFlags, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = refused("not a file")
	}
	if err == nil {
		err = checkFile(file, info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func readOurs(path string) ([]byte, error) {
	file, err := openOurs(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return readAll(file)
}

// readAnyones reads a file outside the state directory. Looked at first: opening a pipe would block.
func readAnyones(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, refused("not a file"))
	}
	file, err := openFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	return readAll(file)
}

func readAll(file *os.File) ([]byte, error) {
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxReadBytes+1))
	if len(text) > maxReadBytes {
		err = errTooLarge
	}
	return text, err
}

// checkSize refuses to let a file grow beyond what the process may write: the kernel would end the host by SIGXFSZ.
func checkSize(bytes int64) error {
	if uint64(bytes) > maxFileBytes() {
		return errTooLarge
	}
	return nil
}

func makeDir(path string) error { return os.MkdirAll(path, 0o700) }

func makeDirFor(path string) error { return makeDir(filepath.Dir(path)) }

// makePrivateDir makes a directory in which only overt writes, or finds it and makes it private.
func makePrivateDir(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return makeDir(path)
	case !info.IsDir():
		return errors.New("not a directory")
	}
	return checkPrivateDir(path, info)
}

// createWhole writes a file that does not exist yet, whole or not at all. fs.ErrExist: another process was first.
func createWhole(path string, content []byte) error {
	draft, err := writeDraft(path, content)
	if err != nil {
		return err
	}
	// A hard link fails where the name is taken; renaming would replace the winner's file.
	err = os.Link(draft, path)
	os.Remove(draft)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		// A file system without hard links: creating it is still exclusive, though not whole after a crash.
		var file *os.File
		if file, err = openFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|privateFlags, 0o600); err == nil {
			_, err = file.Write(content)
			file.Close()
		}
	}
	return err
}

// replaceWhole writes a file whole, in place of whatever has its name.
func replaceWhole(path string, content []byte) error {
	draft, err := writeDraft(path, content)
	if err != nil {
		return err
	}
	if err = rename(draft, path); err != nil {
		os.Remove(draft)
	}
	return err
}

// keepWhole writes a file whole unless it has this content already.
func keepWhole(path string, content []byte) error {
	if present, err := readOurs(path); err == nil && bytes.Equal(present, content) {
		return nil
	}
	return replaceWhole(path, content)
}

func writeDraft(path string, content []byte) (string, error) {
	if err := checkSize(int64(len(content))); err != nil {
		return "", err
	}
	random := make([]byte, 16)
	rand.Read(random) // never fails
	draft := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+hex.EncodeToString(random)+".tmp")
	file, err := openFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL|privateFlags, 0o600)
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	file.Close()
	if err != nil {
		os.Remove(draft)
	}
	return draft, err
}

// appendTo adds to the end of a file, by one write(2), making it if there is none.
func appendTo(path string, text []byte) error {
	file, err := openOurs(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = checkSize(info.Size() + int64(len(text)))
	}
	if err == nil && len(text) > 0 {
		_, err = file.Write(text)
	}
	return err
}

// removeIfThere removes a file; that there is none is no error.
func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// stateDir gives the directory that was asked for, or the platform's place for an app's state; "" if there is none.
func stateDir(asked, app string, v variables) string {
	if asked != "" {
		dir, err := filepath.Abs(asked) // the host may change its working directory
		if err != nil {
			return ""
		}
		return dir
	}
	home := v["HOME"]
	if home == "" && runtime.GOOS != "windows" {
		if self, err := user.Current(); err == nil {
			home = self.HomeDir
		}
	}
	var base string
	switch {
	case runtime.GOOS == "windows":
		base = v["LOCALAPPDATA"]
	case filepath.IsAbs(v["XDG_STATE_HOME"]) && runtime.GOOS != "darwin":
		base = v["XDG_STATE_HOME"]
	case home == "":
	case runtime.GOOS == "darwin":
		base = filepath.Join(home, "Library", "Application Support")
	default:
		base = filepath.Join(home, ".local", "state")
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "overt", app)
}

func sorted[V any](from map[string]V) []string {
	keys := make([]string, 0, len(from))
	for key := range from {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
