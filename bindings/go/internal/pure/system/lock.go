package system

import (
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Lock files are held by one process at a time, with one moment in them that outlives it.

// TakeLock takes the lock that a file is; nil if another has it. It goes with the process at the latest.
func TakeLock(path string) (*os.File, error) {
	lock, err := Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if taken, err := TryLock(lock); !taken {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

// HasName says whether a file that is open still has this name.
func HasName(file *os.File, path string) bool {
	ours, err := file.Stat()
	named, missing := os.Stat(path)
	return err == nil && missing == nil && os.SameFile(ours, named)
}

func Release(lock *os.File) {
	Unlock(lock)
	lock.Close()
}

// Noted gives the moment that stands in a lock's file, in Unix milliseconds. One of the future is that of a clock that
// was set back since, and is none.
func Noted(lock *os.File, now time.Time) (ms int64, any bool) {
	text, err := io.ReadAll(io.NewSectionReader(lock, 0, 32))
	ms, unread := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return ms, err == nil && unread == nil && ms <= now.UnixMilli()
}

// Note writes a moment there; 0 takes out what stands there.
func Note(lock *os.File, ms int64) error {
	info, err := lock.Stat()
	if err == nil && info.Size() > 0 {
		err = lock.Truncate(0)
	}
	if err != nil || ms == 0 {
		return err
	}
	text := strconv.FormatInt(ms, 10) + "\n"
	if err = CheckSize(int64(len(text))); err == nil {
		_, err = lock.WriteAt([]byte(text), 0)
	}
	return err
}
