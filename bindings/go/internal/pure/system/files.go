// Package system has files as overt keeps them, the locks of processes, and what differs between operating systems.
//
// A file of ours is private, whole or not there, and nobody else's: what others could have put in its place is not
// followed, read or written.
package system

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxReadBytes is more than any file of ours becomes.
const maxReadBytes = 8 << 20

// ErrTooLarge says that a file is larger than we read, or would be larger than the process may write.
var ErrTooLarge = errors.New("the file is too large")

// Refused says that a file or a directory is not ours to use.
func Refused(why string) error { return fmt.Errorf("%s: %w", why, fs.ErrPermission) }

// Open opens a file if it is ours: a regular one, no link, of this user's or root's, that not everybody may write.
// Permissions that are too wide are narrowed, and a pipe is not waited for.
func Open(path string, flags int) (*os.File, error) {
	file, err := openFile(path, flags|privateFlags, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = Refused("not a file")
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

// OpenNew makes a file that does not exist yet.
func OpenNew(path string, flags int) (*os.File, error) {
	return openFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|flags|privateFlags, 0o600)
}

// Read reads a file of ours.
func Read(path string) ([]byte, error) {
	file, err := Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return readAll(file)
}

// ReadAnyones reads a file that need not be ours. Looked at first: opening a pipe would block.
func ReadAnyones(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, Refused("not a file"))
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
		err = ErrTooLarge
	}
	return text, err
}

// Exists says whether there is something of this name.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// CheckSize refuses to let a file grow beyond what the process may write: the kernel would end the host by SIGXFSZ.
func CheckSize(bytes int64) error {
	if uint64(bytes) > MaxFileBytes() {
		return ErrTooLarge
	}
	return nil
}

// MakeDir makes a directory, and those above it, for this user alone.
func MakeDir(path string) error { return os.MkdirAll(path, 0o700) }

// MakePrivateDir makes a directory in which only overt writes, or finds it and makes it private.
func MakePrivateDir(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return MakeDir(path)
	case !info.IsDir():
		return errors.New("not a directory")
	}
	return checkPrivateDir(path, info)
}

// Create writes a file that does not exist yet, whole or not at all. fs.ErrExist: another process was first.
func Create(path string, content []byte) error {
	draft := draftOf(path)
	if err := write(draft, content, 0o600); err != nil {
		return err
	}
	// A hard link fails where the name is taken; renaming would replace the winner's file.
	err := os.Link(draft, path)
	os.Remove(draft)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		// A file system without hard links: creating it is still exclusive, though not whole after a crash.
		err = write(path, content, 0o600)
	}
	return err
}

// Replace writes a file whole, in place of whatever has its name.
func Replace(path string, content []byte) error {
	return ReplaceBy(draftOf(path), path, content, 0o600)
}

// ReplaceBy does so by way of this draft, for whoever knows that nobody else writes there. The file gets the mode.
func ReplaceBy(draft, path string, content []byte, mode fs.FileMode) error {
	if err := write(draft, content, mode); err != nil {
		return err
	}
	err := Rename(draft, path)
	if err != nil {
		os.Remove(draft)
	}
	return err
}

func draftOf(path string) string {
	random := make([]byte, 16)
	rand.Read(random) // never fails
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+hex.EncodeToString(random)+".tmp")
}

// write writes a file that does not exist yet, and removes what it cannot finish.
func write(path string, content []byte, mode fs.FileMode) error {
	if err := CheckSize(int64(len(content))); err != nil {
		return err
	}
	file, err := OpenNew(path, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil && mode != 0o600 {
		err = file.Chmod(mode)
	}
	file.Close()
	if err != nil {
		os.Remove(path)
	}
	return err
}

// Append adds to the end of a file, by one write(2), making it if there is none.
func Append(path string, text []byte) error {
	file, err := Open(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = CheckSize(info.Size() + int64(len(text)))
	}
	if err == nil && len(text) > 0 {
		_, err = file.Write(text)
	}
	return err
}

// Remove removes a file; that there is none is no error.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// NamesEnding gives what stands before an ending in the names of a directory, in order; none if it cannot be read.
func NamesEnding(dir, ending string) (names []string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if name, found := strings.CutSuffix(entry.Name(), ending); found {
			names = append(names, name)
		}
	}
	return names
}
