//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package system

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

// privateFlags: what a link points to is never opened, and a pipe is not waited for.
const privateFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

const (
	byOthers        = 0o077
	writableByGroup = 0o020
	writableByAll   = 0o002
	// unmapped is what the kernel shows for an owner who has no number in this user namespace.
	unmapped = 65_534
)

func ownerOf(info fs.FileInfo) (user, group int) {
	if data, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(data.Uid), int(data.Gid)
	}
	return -1, -1
}

// IsUnlinked says whether an open file has no name any more.
func IsUnlinked(file *os.File) bool {
	info, err := file.Stat()
	if err != nil {
		return false
	}
	data, ok := info.Sys().(*syscall.Stat_t)
	return ok && data.Nlink == 0
}

func IsTrusted(info fs.FileInfo) bool {
	user, _ := ownerOf(info)
	return user == 0 || user == os.Geteuid()
}

func checkFile(file *os.File, info fs.FileInfo) error {
	if !IsTrusted(info) || info.Mode()&writableByAll != 0 {
		return Refused("it is another user's, or others can write to it")
	}
	if user, _ := ownerOf(info); info.Mode()&byOthers != 0 && user == os.Geteuid() {
		_ = file.Chmod(0o600)
	}
	return nil
}

func checkPrivateDir(path string, info fs.FileInfo) error {
	if !IsTrusted(info) {
		return Refused("it is another user's")
	}
	if user, _ := ownerOf(info); info.Mode()&byOthers != 0 && user == os.Geteuid() {
		return os.Chmod(path, 0o700)
	}
	return nil
}

// CheckPlace refuses a state directory that others can change or take away, there already or still to be made: it and
// each directory above, and each link on the way, are this user's or root's, with the sticky bit where all may write.
func CheckPlace(dir string) error {
	linked, err := checkWay(dir)
	for part := dir; linked && err == nil; part = filepath.Dir(part) {
		// The part that exists: the rest is made in it.
		if real, missing := filepath.EvalSymlinks(part); missing == nil {
			_, err = checkWay(real)
			break
		}
	}
	if err != nil {
		return err
	}
	if info, missing := os.Stat(dir); missing == nil && info.IsDir() {
		_, group := ownerOf(info)
		if info.Mode()&writableByAll != 0 || info.Mode()&writableByGroup != 0 && group != os.Getegid() {
			return Refused("others can write to it")
		}
	}
	return nil
}

func checkWay(dir string) (linked bool, err error) {
	for part := dir; ; part = filepath.Dir(part) {
		if info, missing := os.Lstat(part); missing == nil {
			if !IsTrusted(info) && !isOutside(info) {
				return linked, Refused("it is another user's, or lies in another user's directory")
			}
			linked = linked || info.Mode()&fs.ModeSymlink != 0
			if info.IsDir() && info.Mode()&writableByAll != 0 && info.Mode()&fs.ModeSticky == 0 {
				return linked, Refused("others can write to it, or to a directory above it")
			}
		}
		if part == filepath.Dir(part) {
			return linked, nil
		}
	}
}

// isOutside: a directory of the machine outside a container that runs without root, where /home belongs to nobody that
// the container knows.
func isOutside(info fs.FileInfo) bool {
	users, _ := os.ReadFile("/proc/self/uid_map")
	user, _ := ownerOf(info)
	return user == unmapped && strings.Join(strings.Fields(string(users)), " ") != "0 0 4294967295"
}

func MaxFileBytes() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit) != nil {
		return 1<<64 - 1
	}
	return uint64(limit.Cur)
}

// TryLock takes a file's lock; false if another has it. It is flock(2), as Rust's File::try_lock, so the two exclude each
// other, also within one process.
func TryLock(file *os.File) (bool, error) {
	for {
		switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
		case nil:
			return true, nil
		case syscall.EWOULDBLOCK:
			return false, nil
		case syscall.EINTR:
		default:
			return false, err
		}
	}
}

func Unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }

// HungUp: the server ended the connection, perhaps because the body was too large for it.
func HungUp(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

func IsTerminal(file *os.File) (yes bool) {
	// Not by Fd, which would change how the host's file blocks.
	raw, err := file.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		var settings [128]byte // more than any system's struct termios
		_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, fd, getSettings, uintptr(unsafe.Pointer(&settings)))
		yes = failed == 0
	})
	return yes && err == nil
}
