//go:build !windows

package system

import (
	"io/fs"
	"os"
)

// An open file is in nobody's way here.

func openFile(path string, flags int, mode fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flags, mode)
}

// Rename gives a file another name, also in place of another.
func Rename(from, to string) error { return os.Rename(from, to) }

// RemoveAll removes a directory with everything in it.
func RemoveAll(dir string) error { return os.RemoveAll(dir) }
