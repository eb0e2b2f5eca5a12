package pure

import (
	"sync"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
)

const (
	// busyPause is how often somebody who waits looks whether the other process that delivers has finished.
	busyPause = 20 * time.Millisecond
	// maxPanics: a pass that panics this often would panic again.
	maxPanics = 3
)

// A worker says when a pass over what waits is due: when flushAt events wait, when the oldest has waited for
// flushInterval, or when somebody asks. Its goroutine is started when there is something to do and ends when there is
// not; passes never overlap.
type worker struct {
	flushAt       int
	flushInterval time.Duration
	pass          func() spool.Outcome

	mutex sync.Mutex
	// changed is closed, and replaced, at each change.
	changed chan struct{}
	running bool
	closing bool
	panics  int64
	// waiting counts events recorded since the last pass began.
	waiting int
	// due is when the next pass is due by itself, and rest is before when there is none unless somebody asks. Zero: at no
	// time.
	due, rest time.Time
	// asked is how many passes were asked for, done up to which of them all is done, askers who still waits for one.
	asked, done, askers int64
	// undelivered: the last pass left events behind.
	undelivered bool
}

func (w *worker) notify() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// start starts the goroutine unless it runs, or nothing is to run any more.
func (w *worker) start() {
	if !w.running && !w.closing && w.panics < maxPanics {
		w.running = true
		go w.run()
	}
	w.notify()
}

// recorded notes that an event was.
func (w *worker) recorded() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.waiting++; w.waiting == 1 || w.waiting == w.flushAt || !w.running {
		w.dueIn(w.flushInterval)
		w.start()
	}
}

// foundLeftovers notes that an earlier process left events, which are to be delivered after wait.
func (w *worker) foundLeftovers(wait time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.dueIn(min(wait, spool.ParkTime))
	w.start()
}

func (w *worker) dueIn(wait time.Duration) {
	if due := time.Now().Add(wait); w.due.IsZero() || due.Before(w.due) {
		w.due = due
	}
}

// run makes passes, one after the other, until nothing is left to do.
func (w *worker) run() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for !w.closing && w.panics < maxPanics {
		next := w.next()
		if next.IsZero() {
			break
		}
		if wait := time.Until(next); wait > 0 {
			w.sleep(wait)
			continue
		}
		serving := w.asked
		w.waiting, w.due = 0, time.Time{}
		w.mutex.Unlock()
		ended, panicked := w.guarded()
		w.mutex.Lock()
		w.finished(serving, ended, panicked)
		w.notify()
		if ended == spool.Busy {
			w.sleep(busyPause)
		}
	}
	w.running = false
	w.notify()
}

// next says when the next pass is due; zero if none is.
func (w *worker) next() (next time.Time) {
	now := time.Now()
	if next = w.due; w.waiting >= w.flushAt {
		next = now
	}
	if !next.IsZero() && next.Before(w.rest) {
		next = w.rest
	}
	if w.asked > w.done && w.askers > 0 {
		next = now
	}
	return next
}

func (w *worker) guarded() (ended spool.Outcome, panicked bool) {
	defer func() {
		if recover() != nil {
			panicked = true
		}
	}()
	return w.pass(), false
}

func (w *worker) finished(serving int64, ended spool.Outcome, panicked bool) {
	w.rest = time.Time{}
	switch {
	case panicked:
		w.panics++
	case ended == spool.Busy:
		w.dueIn(w.flushInterval)
		return // who asked is not served yet
	case ended == spool.Parked:
		w.rest = time.Now().Add(spool.ParkTime)
		w.due = w.rest
	}
	w.done, w.undelivered = serving, panicked || ended != spool.Done
}

// sleep waits for a change, at most so long, without the lock.
func (w *worker) sleep(length time.Duration) {
	changed := w.changed
	w.mutex.Unlock()
	defer w.mutex.Lock()
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

// flush asks for a pass that begins after this call, and waits for its end.
func (w *worker) flush(timeout time.Duration) Status {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.asked++
	w.askers++
	defer func() { w.askers-- }()
	ticket, deadline := w.asked, time.Now().Add(timeout)
	w.start()
	for w.done < ticket {
		if w.closing || w.panics >= maxPanics {
			return Undelivered
		}
		left := time.Until(deadline)
		if left <= 0 {
			return Timeout
		}
		w.sleep(left)
	}
	if w.undelivered {
		return Undelivered
	}
	return OK
}

// pause waits before another attempt; false if the client closes meanwhile.
func (w *worker) pause(length time.Duration) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for end := time.Now().Add(length); !w.closing; {
		left := time.Until(end)
		if left <= 0 {
			return true
		}
		w.sleep(left)
	}
	return false
}

func (w *worker) isClosing() bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.closing
}

// close ends waiting and, as soon as it can, the goroutine.
func (w *worker) close() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.closing = true
	w.notify()
}
