package system

import (
	"sync"
	"time"
)

// Every is something that is done once in so long at the most, whoever comes by; a clock that was set back is reason
// enough. It is due at the first look.
type Every struct {
	Length time.Duration
	mutex  sync.Mutex
	last   time.Time
}

// IsDue says whether it is to be done now.
func (e *Every) IsDue(now time.Time) bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	due := now.Sub(e.last).Abs() >= e.Length
	if due {
		e.last = now
	}
	return due
}

// DoSoon makes it due at the next look.
func (e *Every) DoSoon() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.last = time.Time{}
}
