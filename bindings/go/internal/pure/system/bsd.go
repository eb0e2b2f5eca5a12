//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package system

import "syscall"

// getSettings is the request that only a terminal answers.
const getSettings = syscall.TIOCGETA

// HasAnothersRights: the program runs with the rights of another user than the one who started it.
func HasAnothersRights() bool {
	return syscall.Getuid() != syscall.Geteuid() || syscall.Getgid() != syscall.Getegid()
}
