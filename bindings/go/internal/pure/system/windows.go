//go:build windows

package system

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"unsafe"
)

// Windows keeps a user's directories to that user by itself; there is nothing to check here. Untested.

const privateFlags = 0

func checkFile(*os.File, fs.FileInfo) error     { return nil }
func checkPrivateDir(string, fs.FileInfo) error { return nil }
func CheckPlace(string) error                   { return nil }
func IsUnlinked(*os.File) bool                  { return false }
func IsTrusted(fs.FileInfo) bool                { return true }
func HasAnothersRights() bool                   { return false }
func MaxFileBytes() uint64                      { return 1<<64 - 1 }

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

// TryLock takes a file's lock; false if another has it. It locks the bytes that Rust's File::try_lock does.
func TryLock(file *os.File) (bool, error) {
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

func Unlock(file *os.File) {
	var at syscall.Overlapped
	_, _, _ = unlockFileEx.Call(file.Fd(), 0, allBytes, allBytes, uintptr(unsafe.Pointer(&at)))
}

func IsTerminal(file *os.File) bool {
	var mode uint32
	return syscall.GetConsoleMode(syscall.Handle(file.Fd()), &mode) == nil
}

// HungUp: the server ended the connection, perhaps because the body was too large for it.
func HungUp(err error) bool {
	return errors.Is(err, syscall.WSAECONNRESET) || errors.Is(err, syscall.WSAECONNABORTED)
}
