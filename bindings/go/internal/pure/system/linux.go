//go:build linux

package system

import (
	"syscall"
	"unsafe"
)

// getSettings is the request that only a terminal answers.
const getSettings = syscall.TCGETS

// HasAnothersRights: the program runs with the rights of another user than the one who started it, or could take them
// back. The kernel's answer, without a call that the standard library lacks.
func HasAnothersRights() bool {
	var user, group [3]uint32 // real, effective, saved
	ask := func(call uintptr, ids *[3]uint32) bool {
		_, _, failed := syscall.RawSyscall(call, uintptr(unsafe.Pointer(&ids[0])), uintptr(unsafe.Pointer(&ids[1])),
			uintptr(unsafe.Pointer(&ids[2])))
		return failed == 0 && (ids[0] != ids[1] || ids[0] != ids[2])
	}
	return ask(syscall.SYS_GETRESUID, &user) || ask(syscall.SYS_GETRESGID, &group)
}
