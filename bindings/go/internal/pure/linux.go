//go:build linux

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
		var settings [64]byte // more than a struct termios
		_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TCGETS, uintptr(unsafe.Pointer(&settings)))
		yes = failed == 0
	})
	return yes && err == nil
}

// hasAnothersRights: the program runs with the rights of another user than the one who started it, or could take them
// back. The kernel's answer, without a call that the standard library lacks.
func hasAnothersRights() bool {
	var user, group [3]uint32 // real, effective, saved
	ask := func(call uintptr, ids *[3]uint32) bool {
		_, _, failed := syscall.RawSyscall(call, uintptr(unsafe.Pointer(&ids[0])), uintptr(unsafe.Pointer(&ids[1])),
			uintptr(unsafe.Pointer(&ids[2])))
		return failed == 0 && (ids[0] != ids[1] || ids[0] != ids[2])
	}
	return ask(syscall.SYS_GETRESUID, &user) || ask(syscall.SYS_GETRESGID, &group)
}
