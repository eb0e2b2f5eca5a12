//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package pure

import (
	"os"
	"syscall"
	"unsafe"
)

func isTerminal(file *os.File) (yes bool) {
	// Not by Fd, which would change how the host's file blocks.
	raw, err := file.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		var settings [128]byte // more than a struct termios
		_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGETA, uintptr(unsafe.Pointer(&settings)))
		yes = failed == 0
	})
	return yes && err == nil
}

// hasAnothersRights: the program runs with the rights of another user than the one who started it.
func hasAnothersRights() bool {
	return syscall.Getuid() != syscall.Geteuid() || syscall.Getgid() != syscall.Getegid()
}
