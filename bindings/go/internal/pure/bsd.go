//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package pure

import "syscall"

// getSettings is the request that only a terminal answers.
const getSettings = syscall.TIOCGETA

// hasAnothersRights: the program runs with the rights of another user than the one who started it.
func hasAnothersRights() bool {
	return syscall.Getuid() != syscall.Geteuid() || syscall.Getgid() != syscall.Getegid()
}
