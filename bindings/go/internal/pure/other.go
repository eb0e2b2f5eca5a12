//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package pure

import (
	"errors"
	"io/fs"
	"os"
)

// Elsewhere there is no lock that other processes would heed: nothing is kept, so nothing is recorded.

const privateFlags = 0

func checkFile(*os.File, fs.FileInfo) error     { return errors.ErrUnsupported }
func checkPrivateDir(string, fs.FileInfo) error { return errors.ErrUnsupported }
func checkPlace(string) error                   { return errors.ErrUnsupported }
func isUnlinked(*os.File) bool                  { return false }
func isTrusted(fs.FileInfo) bool                { return true }
func hasAnothersRights() bool                   { return false }
func maxFileBytes() uint64                      { return 1<<64 - 1 }
func openFile(path string, flags int, mode fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flags, mode)
}
func rename(from, to string) error   { return os.Rename(from, to) }
func removeAll(dir string) error     { return os.RemoveAll(dir) }
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
func unlock(*os.File)                {}
func isTerminal(*os.File) bool       { return false }
func hungUp(error) bool              { return false }
