package pure

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// draftAge: what a crash left half-made is removed when nobody can be about to finish it.
	draftAge = day
	// maxGrace: a segment is given up when it has looked too old for so long, unless the limit itself is shorter. A clock
	// that is wrong by years makes everything look too old; a day is enough to deliver it, or to set the clock right.
	maxGrace = day
	// maxBatchEvents is where PostHog's own libraries stop.
	maxBatchEvents = 100
)

// A source is where events are delivered from.
type source interface {
	// next gives the lines of one request, none if there are no more.
	next(maxBytes int) batch
	// settle says that these need no more delivery, and what became of them.
	settle(sent batch, word string)
}

// A batch are lines of one request, no two of the same UUID.
type batch []item

// An item is a line and the segment that it lies in; nil for one that waits in memory.
type item struct {
	line
	segment *reading
}

// add adds a line unless the batch is full; a first line always fits.
func (b *batch) add(one item, maxBytes int) bool {
	bytes, uuid := len(one.text), lineUUID(one.text)
	for _, other := range *b {
		bytes += len(other.text) + 1
		if uuid != "" && lineUUID(other.text) == uuid {
			return false
		}
	}
	if len(*b) > 0 && (len(*b) >= maxBatchEvents || bytes > maxBytes) {
		return false
	}
	*b = append(*b, one)
	return true
}

// A claim is the right to deliver what waits in a spool, as it stood when the claim was made.
type claim struct {
	*spool
	lock     *os.File
	counts   *counts
	readings []*reading
	// current is the segment that is being read; the ones before it were.
	current int
}

// claim takes the right to deliver; nil if another process has it.
func (s *spool) claim(now time.Time, counts *counts) (*claim, error) {
	lock, err := takeLock(filepath.Join(s.dir, "upload.lock"))
	if lock == nil {
		return nil, err
	}
	c := &claim{spool: s, lock: lock, counts: counts}
	for _, name := range segments(s.dir, segmentEnding) {
		c.readings = append(c.readings, &reading{name: name})
	}
	c.dropExpired(now)
	return c, nil
}

func (c *claim) next(maxBytes int) (found batch) {
	var corrupt batch
	for ; c.current < len(c.readings); c.current++ {
		r := c.readings[c.current]
		if !r.read {
			r.load(c.dir)
		}
		for len(r.lines) > 0 {
			one := item{r.lines[0], r}
			switch {
			case !isEvent(one.text):
				corrupt = append(corrupt, one)
			// What nobody may mark as sent would be sent again by each process.
			case !c.canMark(r):
				r.left, r.lines = true, nil
				continue
			case !found.add(one, maxBytes):
				c.giveUp(corrupt, "corrupt")
				return found
			}
			r.lines = r.lines[1:]
		}
	}
	c.giveUp(corrupt, "corrupt")
	return found
}

func (c *claim) canMark(r *reading) bool {
	if !r.markingAsked {
		r.markingAsked, r.canBeMarked = true, canAppendRecords(c.path(r.name, doneEnding))
	}
	return r.canBeMarked
}

func (c *claim) giveUp(lost batch, word string) {
	c.counts.add(word, len(lost))
	c.settle(lost, word)
}

func (c *claim) settle(done batch, word string) {
	var bytes int64
	for len(done) > 0 {
		r := done[0].segment
		var all []record
		n := 0
		for ; n < len(done) && done[n].segment == r; n++ {
			one := done[n]
			if last := len(all) - 1; last >= 0 && all[last].to == one.from {
				all[last].to, all[last].events = one.to, all[last].events+1
			} else {
				all = append(all, record{one.from, one.to, 1, word})
			}
			r.done = r.done.with(one.from, one.to)
			bytes += one.to - one.from
		}
		// If this cannot be written, the events are sent again later, under the same UUIDs.
		_ = appendRecords(c.path(r.name, doneEnding), all)
		c.settled(int64(n), bytes)
		done, bytes = done[n:], 0
	}
}

// dropExpired gives up segments whose last event is older than the limit, if some have looked so for long enough. Since
// when they have stands in the lock's file; a clock that was set back begins anew.
func (c *claim) dropExpired(now time.Time) {
	var old []*reading
	for _, r := range c.readings {
		info, err := os.Stat(c.path(r.name, segmentEnding))
		if err == nil && now.Sub(info.ModTime()) > c.maxAge {
			old = append(old, r)
		}
	}
	since, any := noted(c.lock, now)
	switch {
	case len(old) == 0:
		_ = note(c.lock, 0)
		return
	case !any:
		since = now.UnixMilli()
		_ = note(c.lock, since)
	}
	if now.Sub(time.UnixMilli(since)) < min(c.maxAge, maxGrace) {
		return
	}
	for _, r := range old {
		r.load(c.dir)
		var lost batch
		for _, line := range r.lines {
			lost = append(lost, item{line, r})
		}
		r.lines = nil
		c.giveUp(lost, "expired")
	}
}

// hasLeft says whether some of what waits could not even be tried.
func (c *claim) hasLeft() bool {
	return slices.ContainsFunc(c.readings, func(r *reading) bool { return r.left })
}

// finish ends the claim: removes what needs no more delivery and brings the books up to date. Nothing is to be tried by
// itself before parkedUntil, in Unix milliseconds.
func (c *claim) finish(parkedUntil int64) {
	defer release(c.lock)
	for _, r := range c.readings {
		if r.isDelivered() {
			c.retire(r)
		}
	}
	c.sweep()
	news := c.counts.takeNews()
	news.ParkedUntilMs = parkedUntil
	if enter(c.dir, news) != nil {
		c.counts.giveBack(news)
	}
}

// sweep removes what crashes left behind.
func (c *claim) sweep() {
	needed := map[string]bool{}
	for _, name := range segments(c.dir, segmentEnding) {
		needed[name.writer()] = true
	}
	for _, writer := range namesEnding(c.dir, liveEnding) {
		live := filepath.Join(c.dir, writer+liveEnding)
		if !strings.HasPrefix(writer, ".") && !needed[writer] && isDead(live) {
			os.Remove(live)
		}
	}
	for _, draft := range namesEnding(c.dir, ".tmp") {
		path := filepath.Join(c.dir, draft+".tmp")
		info, err := os.Lstat(path)
		if err == nil && strings.HasPrefix(draft, ".") && time.Since(info.ModTime()) > draftAge {
			os.Remove(path)
		}
	}
}
