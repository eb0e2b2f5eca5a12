//go:build windows

package pure

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
	"unsafe"
)

// Windows keeps a user's directories to that user by itself; there is nothing to check here.

const privateFlags = 0

func checkFile(*os.File, fs.FileInfo) error     { return nil }
func checkPrivateDir(string, fs.FileInfo) error { return nil }
func checkPlace(string) error                   { return nil }
func isTrusted(fs.FileInfo) bool                { return true }
func hasAnothersRights() bool                   { return false }
func maxFileBytes() uint64                      { return 1<<64 - 1 }

// openFile opens a file as Rust does: whoever else has it open meanwhile, the core among them, can rename and remove it.
// What os.OpenFile opens nobody can, not even the one who opened it.
func openFile(path string, flags int, _ fs.FileMode) (*os.File, error) {
	failed := func(err error) (*os.File, error) { return nil, &fs.PathError{Op: "open", Path: path, Err: err} }
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return failed(err)
	}
	access := uint32(syscall.GENERIC_READ)
	switch {
	case flags&os.O_APPEND != 0:
		// Without the right to write elsewhere, the system puts each write at the end, whoever else writes.
		access = syscall.FILE_APPEND_DATA | syscall.FILE_WRITE_ATTRIBUTES | syscall.STANDARD_RIGHTS_WRITE | syscall.SYNCHRONIZE
	case flags&os.O_WRONLY != 0:
		access = syscall.GENERIC_WRITE
	case flags&os.O_RDWR != 0:
		access |= syscall.GENERIC_WRITE
	}
	how := uint32(syscall.OPEN_EXISTING)
	switch {
	case flags&os.O_EXCL != 0:
		how = syscall.CREATE_NEW
	case flags&os.O_CREATE != 0:
		how = syscall.OPEN_ALWAYS
	}
	const shared = syscall.FILE_SHARE_READ | syscall.FILE_SHARE_WRITE | syscall.FILE_SHARE_DELETE
	handle, err := syscall.CreateFile(name, access, shared, nil, how, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return failed(err)
	}
	return os.NewFile(uintptr(handle), path), nil
}

// A file that somebody has open can be replaced and removed if the system and the file system both have POSIX semantics
// for that (NTFS since Windows 10 1607; not FAT, network shares or Wine) and whoever has it open lets it happen, which
// scanners often do not. Otherwise
//   - it is replaced as soon as nobody has it open;
//   - what is removed loses its content at once, and its name when the last who has it open closes it.

const (
	// patience: whoever reads a file of ours has it open for less than a millisecond, but then come others: twenty that
	// count at once have kept one of them out for 250 ms.
	patience         = time.Second
	tryEvery         = time.Millisecond
	sharingViolation = syscall.Errno(32)
)

// rename gives a file a name in its directory or one above, also in place of another.
func rename(from, to string) error {
	started := time.Now()
	for {
		err := renameOpen(from, to)
		isBusy := errors.Is(err, fs.ErrPermission) || errors.Is(err, sharingViolation)
		if !isBusy || !mayBeReplaced(to) || time.Since(started) >= patience {
			return err
		}
		time.Sleep(tryEvery)
	}
}

// renameOpen asks for the POSIX semantics, which os.Rename does not.
func renameOpen(from, to string) error {
	at := filepath.Dir(to)
	from, err := filepath.Rel(at, from)
	if err != nil {
		return err
	}
	dir, err := os.OpenRoot(at)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Rename(from, filepath.Base(to))
}

// mayBeReplaced: waiting would not help against what a person made read-only, or a directory.
func mayBeReplaced(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular() && info.Mode().Perm()&0o200 != 0
}

// removeAll removes a directory with everything in it. An error: some content is still there.
func removeAll(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if entry.IsDir() {
			err = errors.Join(err, removeAll(path))
			continue
		}
		if entry.Type().IsRegular() {
			_ = os.Truncate(path, 0)
		}
		if failed := os.Remove(path); failed != nil {
			if info, there := os.Stat(path); there == nil && info.Size() > 0 {
				err = errors.Join(err, failed)
			}
		}
	}
	os.Remove(dir) // what is still open keeps it for a while
	return err
}

// isUnlinked says whether a segment was removed or emptied. Its name is used once, so what has it is this file.
func isUnlinked(file *os.File) bool {
	info, err := os.Stat(file.Name())
	return err != nil || info.Size() == 0
}

var (
	kernel32     = syscall.NewLazyDLL("kernel32.dll")
	lockFileEx   = kernel32.NewProc("LockFileEx")
	unlockFileEx = kernel32.NewProc("UnlockFileEx")
)

const (
	failImmediately = 1
	exclusive       = 2
	lockViolation   = syscall.Errno(33)
	allBytes        = 0xffffffff
)

// tryLock takes a file's lock; false if another has it. It locks the bytes that Rust's File::try_lock does.
func tryLock(file *os.File) (bool, error) {
	var at syscall.Overlapped
	taken, _, err := lockFileEx.Call(file.Fd(), exclusive|failImmediately, 0, allBytes, allBytes, uintptr(unsafe.Pointer(&at)))
	switch {
	case taken != 0:
		return true, nil
	case errors.Is(err, lockViolation), errors.Is(err, syscall.ERROR_IO_PENDING):
		return false, nil
	}
	return false, err
}

func unlock(file *os.File) {
	var at syscall.Overlapped
	_, _, _ = unlockFileEx.Call(file.Fd(), 0, allBytes, allBytes, uintptr(unsafe.Pointer(&at)))
}

func isTerminal(file *os.File) bool {
	var mode uint32
	return syscall.GetConsoleMode(syscall.Handle(file.Fd()), &mode) == nil
}

// hungUp: the server ended the connection, perhaps because the body was too large for it.
func hungUp(err error) bool {
	return errors.Is(err, syscall.WSAECONNRESET) || errors.Is(err, syscall.WSAECONNABORTED)
}
