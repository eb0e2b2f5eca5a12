//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package system

import (
	"errors"
	"io/fs"
	"os"
)

// Elsewhere there is no lock that other processes would heed: nothing is kept, so nothing is recorded.

const privateFlags = 0

func checkFile(*os.File, fs.FileInfo) error     { return errors.ErrUnsupported }
func checkPrivateDir(string, fs.FileInfo) error { return errors.ErrUnsupported }
func CheckPlace(string) error                   { return errors.ErrUnsupported }
func IsUnlinked(*os.File) bool                  { return false }
func IsTrusted(fs.FileInfo) bool                { return true }
func HasAnothersRights() bool                   { return false }
func MaxFileBytes() uint64                      { return 1<<64 - 1 }
func TryLock(*os.File) (bool, error)            { return false, errors.ErrUnsupported }
func Unlock(*os.File)                           {}
func IsTerminal(*os.File) bool                  { return false }
func HungUp(error) bool                         { return false }
