package spool

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/jsontext"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

const (
	day = 24 * time.Hour
	// draftAge: what a crash left half-made is removed when nobody can be about to finish it.
	draftAge = day
	// maxGrace: a segment is given up when it has looked too old for so long, unless the limit itself is shorter. A clock
	// that is wrong by years makes everything look too old; a day is enough to deliver it, or to set the clock right.
	maxGrace = day
	// maxBatchEvents is where PostHog's own libraries stop.
	maxBatchEvents = 100
	lockFile       = "upload.lock"
	// ParkTime is for how long events rest that could not be delivered.
	ParkTime = 5 * time.Minute
)

// An Outcome is how a delivery ended.
type Outcome int

const (
	Done    Outcome = iota // everything that waited at its start is delivered or lost
	Parked                 // the server could not be reached; the rest waits
	Stopped                // closed, or consent was withdrawn
	Busy                   // another process delivers
)

// A Batch are the events of one request, no two of the same UUID.
type Batch []Item

// An Item is an event, as its line without the line break, and where it waits.
type Item struct {
	line
	segment *reading
}

// Text is the event.
func (i Item) Text() []byte { return i.text }

// Bytes is how long the lines are, with their line breaks.
func (b Batch) Bytes() (bytes int) {
	for _, one := range b {
		bytes += len(one.text) + 1
	}
	return bytes
}

// add adds an event unless the batch is full; a first one always fits.
func (b *Batch) add(one Item, maxBytes int) bool {
	if len(*b) > 0 && (len(*b) >= maxBatchEvents || b.Bytes()+len(one.text) > maxBytes) {
		return false
	}
	uuid := LineUUID(one.text)
	if uuid != "" && slices.ContainsFunc(*b, func(other Item) bool { return LineUUID(other.text) == uuid }) {
		return false
	}
	*b = append(*b, one)
	return true
}

// LineStart is how every line begins, so that nobody needs to parse it to find its UUID.
const LineStart = `{"uuid":"`

// LineUUID gives the UUID of a line; "" if it has none.
func LineUUID(line []byte) string {
	if len(line) < len(LineStart)+36 || string(line[:len(LineStart)]) != LineStart {
		return ""
	}
	return string(line[len(LineStart) : len(LineStart)+36])
}

// A Claim is the right to deliver what waits, as it stood when the claim was made: what is in this process's memory, and
// what is on disk unless another process delivers that.
type Claim struct {
	*Spool
	lock     *os.File // nil: for memory alone
	readings []*reading
	// current is the one that is being read; the ones before it were.
	current int
}

// Deliver has what waits sent.
func (s *Spool) Deliver(now time.Time, send func(*Claim) Outcome) (ended Outcome) {
	c, err := s.claim(now)
	if err != nil {
		s.Say("the spool cannot be delivered: %v", err)
	}
	defer func() { c.finish(now, ended) }() // also if it panics, or the lock would stay
	if ended = send(c); ended == Done {
		switch {
		case err != nil || c.hasLeft():
			ended = Parked
		case c.lock == nil && s.IsOnDisk():
			ended = Busy
		}
	}
	return ended
}

func (s *Spool) claim(now time.Time) (c *Claim, err error) {
	c = &Claim{Spool: s, readings: []*reading{s.claimMemory(now)}}
	if !s.IsOnDisk() {
		return c, nil
	}
	if c.lock, err = system.TakeLock(filepath.Join(s.Dir, lockFile)); c.lock == nil {
		return c, err
	}
	for _, name := range segments(s.Dir, segmentEnding) {
		c.readings = append(c.readings, &reading{name: name})
	}
	c.dropExpired(now)
	return c, nil
}

func (s *Spool) claimMemory(now time.Time) *reading {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.open(now)
	s.leaveMemory(now)
	r := &reading{read: true, mayBeSent: true}
	for i, text := range s.memory {
		r.lines = append(r.lines, line{from: int64(i), text: text})
	}
	s.claimed = len(r.lines)
	return r
}

// Next gives the events of one request, none if there are no more.
func (c *Claim) Next(maxBytes int) (found Batch) {
	var corrupt Batch
	defer func() { c.Settle(corrupt, "corrupt") }()
	for ; c.current < len(c.readings); c.current++ {
		r := c.readings[c.current]
		if !r.read {
			r.load(c.Dir)
		}
		for len(r.lines) > 0 {
			one := Item{r.lines[0], r}
			switch {
			case c.isCleared(one):
			case !jsontext.IsEvent(one.text):
				corrupt = append(corrupt, one)
			case !c.maySend(r):
				r.left, r.lines = true, nil
				continue
			case !found.add(one, maxBytes):
				return found
			}
			r.lines = r.lines[1:]
		}
	}
	return found
}

func (c *Claim) isCleared(one Item) bool {
	if one.segment.name != "" {
		return false
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.memory[one.from] == nil
}

// maySend: what nobody may mark as sent would be sent again by each process.
func (c *Claim) maySend(r *reading) bool {
	r.mayBeSent = r.mayBeSent || canAppendRecords(r.name.in(c.Dir, doneEnding))
	return r.mayBeSent
}

// IsOver says whether nothing more may be sent: what this claim is for was erased, by this process or another.
func (c *Claim) IsOver() bool {
	c.mutex.Lock()
	isOver := c.erased || c.disk != nil && c.disk.isErased()
	c.mutex.Unlock()
	return isOver || c.lock != nil && !system.HasName(c.lock, filepath.Join(c.Dir, lockFile))
}

// Settle says that these need no more delivery, and what became of them.
func (c *Claim) Settle(settled Batch, word string) {
	if len(settled) == 0 || c.IsOver() {
		return
	}
	if word == "delivered" && c.IsOnDisk() {
		keepSent(c.Dir, settled, c.KeepSent)
	}
	for len(settled) > 0 {
		r, n := settled[0].segment, 0
		for n < len(settled) && settled[n].segment == r {
			n++
		}
		if r.name == "" {
			c.forget(settled[:n], word)
		} else {
			c.mark(r, settled[:n], word)
		}
		settled = settled[n:]
	}
}

// forget settles events that wait in memory.
func (c *Claim) forget(events Batch, word string) {
	c.counts.Book(word, len(events)) // no record on disk says it
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, one := range events {
		c.memory[one.from] = nil
	}
}

// mark settles events of one segment.
func (c *Claim) mark(r *reading, events Batch, word string) {
	var all done
	for _, one := range events {
		if last := len(all) - 1; last >= 0 && all[last].to == one.from {
			all[last].to, all[last].events = one.to, all[last].events+1
		} else {
			all = append(all, record{one.from, one.to, 1, word})
		}
	}
	// If this cannot be written, the events are sent again later, under the same UUIDs.
	_ = appendRecords(r.name.in(c.Dir, doneEnding), all)
	r.unsettled -= len(events)
	c.counts.add(word, len(events))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.disk.events = max(c.disk.events-int64(len(events)), 0)
	c.disk.bytes = max(c.disk.bytes-all.bytes(), 0)
}

// dropExpired gives up segments whose last event is older than the limit, if some have looked so for long enough. Since
// when they have stands in the lock's file; a clock that was set back begins anew.
func (c *Claim) dropExpired(now time.Time) {
	var old []*reading
	for _, r := range c.readings[1:] {
		info, err := os.Stat(r.name.in(c.Dir, segmentEnding))
		if err == nil && now.Sub(info.ModTime()) > c.MaxAge {
			old = append(old, r)
		}
	}
	since, any := system.Noted(c.lock, now)
	switch {
	case len(old) == 0:
		_ = system.Note(c.lock, 0)
		return
	case !any:
		since = now.UnixMilli()
		_ = system.Note(c.lock, since)
	}
	if now.Sub(time.UnixMilli(since)) < min(c.MaxAge, maxGrace) {
		return
	}
	for _, r := range old {
		r.load(c.Dir)
		var lost Batch
		for _, line := range r.lines {
			lost = append(lost, Item{line, r})
		}
		r.lines = nil
		c.Settle(lost, "expired")
	}
}

// hasLeft says whether some of what waits could not even be tried.
func (c *Claim) hasLeft() bool {
	return slices.ContainsFunc(c.readings, func(r *reading) bool { return r.left })
}

// finish ends the claim: removes what needs no more delivery and brings the books up to date.
func (c *Claim) finish(now time.Time, ended Outcome) {
	isOver := c.IsOver()
	c.giveBack(now)
	if c.lock == nil {
		return
	}
	defer system.Release(c.lock)
	if isOver {
		return // what is there now is others'
	}
	c.recount()
	c.sweep()
	parkedUntil := int64(0)
	if ended == Parked {
		parkedUntil = now.Add(ParkTime).UnixMilli()
	}
	c.counts.enter(c.Dir, parkedUntil)
}

// giveBack lets the process have its memory and its segment again, without what was delivered of them.
func (c *Claim) giveBack(now time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.claimed = 0
	c.leaveMemory(now)
	for _, r := range c.readings {
		if r.isDelivered() {
			c.disk.retire(r)
		}
	}
}

// recount counts anew what waits: others have recorded, and what they had recorded was delivered. Without the mutex, or
// nobody could record meanwhile; who does may be counted twice, until the next time.
func (c *Claim) recount() {
	c.mutex.Lock()
	events, bytes := c.disk.events, c.disk.bytes
	c.mutex.Unlock()
	counted, length := countWaiting(c.Dir)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.disk.events += counted - events
	c.disk.bytes += length - bytes
}

// sweep removes what crashes left behind.
func (c *Claim) sweep() {
	needed := map[string]bool{}
	for _, name := range segments(c.Dir, segmentEnding) {
		needed[name.writer()] = true
	}
	for _, writer := range system.NamesEnding(c.Dir, liveEnding) {
		live := filepath.Join(c.Dir, writer+liveEnding)
		if !strings.HasPrefix(writer, ".") && !needed[writer] && isDead(live) {
			os.Remove(live)
		}
	}
	for _, draft := range system.NamesEnding(c.Dir, ".tmp") {
		path := filepath.Join(c.Dir, draft+".tmp")
		info, err := os.Lstat(path)
		if err == nil && strings.HasPrefix(draft, ".") && time.Since(info.ModTime()) > draftAge {
			os.Remove(path)
		}
	}
}
