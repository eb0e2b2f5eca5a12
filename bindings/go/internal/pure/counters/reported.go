package counters

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// A reportPage is reported.json: what of the counts was reported as events, for servers that take events only.
//
// A report says for each command and code by how much its count has grown since the report before. It is written down,
// with its period, at the moment in which the counts become the base of the next one, and is made with the lock held.
// So it is made once. One that was not finished is made again with the next: of the same events, whose UUIDs follow
// from ID, command, code and period. A count that is smaller than its base is that of a file that began anew.
type reportPage struct {
	ID     string  `json:"id"`     // of the file that was reported
	Base   points  `json:"base"`   // up to which everything is in a report
	Period uint64  `json:"period"` // the number of the last report
	Open   *report `json:"open"`   // the one that is not finished
}

// A report says by how much counts have grown.
type report struct {
	Period uint64 `json:"period"`
	At     uint64 `json:"at"` // in Unix seconds
	ID     string `json:"id"`
	Grown  points `json:"grown"`
}

// A Growth is one event of a report.
type Growth struct {
	UUID  identity.UUID
	Path  string
	Code  int32
	Count uint64
	At    time.Time
}

// IsDue says whether the counts are to go out: once an interval, and not before there are any; a file may have an ID
// alone.
func (c *Counters) IsDue(now time.Time, interval time.Duration) bool {
	if !placeOf(c.path).isTime(now, interval) {
		return false
	}
	counted, _ := c.Document()
	return counted.HasCounts()
}

// isTime says whether an interval is over. The stamp, in the file in which PACE keeps it, is written before anything is
// sent. One of the future is that of a clock that was set back since.
func (p place) isTime(now time.Time, interval time.Duration) bool {
	text, err := system.ReadAnyones(p.stamp())
	last, unread := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 63)
	since := now.Unix() - int64(last)
	return err != nil || unread != nil || since < 0 || since >= int64(interval/time.Second)
}

// claim takes the right to send, for this process alone until the interval is over. False: it is not time. Only for who
// holds the lock.
func (c *Counters) claim(p place, now time.Time, interval time.Duration) (Document, bool, error) {
	if !c.IsDue(now, interval) {
		return Document{}, false, nil
	}
	claimed, err := c.enter(p, "", 0)
	if err == nil {
		err = p.put(p.stamp(), strconv.AppendInt(nil, now.Unix(), 10), nil)
	}
	return claimed, err == nil, err
}

// Claim takes the lock and then the right to send, with what is to be sent.
func (c *Counters) Claim(now time.Time, interval time.Duration, allowed func() bool) (found Document, due bool, err error) {
	p := placeOf(c.path)
	if err := p.make(); err != nil {
		return found, false, err
	}
	lock, err := p.wait(patienceToSend)
	if err != nil {
		return found, false, err
	}
	if allowed() {
		found, due, err = c.claim(p, now, interval)
	}
	system.Release(lock)
	c.lookBehind(p, allowed)
	return found, due, err
}

// Report makes the report that is due, if one is. send stores an event; false if it cannot, and the rest is made with
// the next report.
func (c *Counters) Report(now time.Time, interval time.Duration, allowed func() bool, send func(Growth) bool) error {
	p := placeOf(c.path)
	lock, err := p.hold()
	if lock == nil {
		return err // who has the lock now looks himself whether it is time
	}
	if allowed() {
		err = c.reportHeld(p, now, interval, send)
	}
	system.Release(lock)
	c.lookBehind(p, allowed)
	return err
}

func (c *Counters) reportHeld(p place, now time.Time, interval time.Duration, send func(Growth) bool) error {
	claimed, due, err := c.claim(p, now, interval)
	if !due {
		return err
	}
	var page reportPage
	if text, err := system.Read(p.reported()); err != nil || json.Unmarshal(text, &page) != nil {
		page = reportPage{}
	}
	page.finish(send)
	page.open(&claimed, uint64(now.Unix()))
	if err := p.putJSON(p.reported(), page); err != nil || !page.finish(send) {
		return err
	}
	return p.putJSON(p.reported(), page)
}

func (p place) putJSON(target string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return p.put(target, text, nil)
}

// open opens the report of what has grown, unless one is open.
func (r *reportPage) open(now *Document, seconds uint64) {
	if r.Open != nil {
		return
	}
	// No number twice, or two reports would have the same events: in one second, or after a clock that was set back.
	r.Period = max(seconds, r.Period+1)
	if r.ID != now.id {
		r.Base = nil
	}
	next := &report{Period: r.Period, At: seconds, ID: now.id, Grown: points{}}
	now.points.each(func(path string, code int32, count uint64) {
		if before := r.Base[path][code]; count < before {
			next.Grown.set(path, code, count)
		} else if count > before {
			next.Grown.set(path, code, count-before)
		}
	})
	r.ID, r.Base = now.id, now.points
	if len(next.Grown) > 0 {
		r.Open = next
	}
}

// finish makes the events of the open report, and keeps those that cannot be stored. True: there was one.
func (r *reportPage) finish(send func(Growth) bool) bool {
	if r.Open == nil {
		return false
	}
	const lastSecond = 253_402_300_799 // of the year 9999, the last that a line can say
	left, able := points{}, true
	r.Open.Grown.each(func(path string, code int32, count uint64) {
		uuid := identity.OfName(fmt.Sprintf("%s\n%s\n%d\n%d", r.Open.ID, path, code, r.Open.Period))
		able = able && send(Growth{uuid, path, code, count, time.Unix(int64(min(r.Open.At, lastSecond)), 0)})
		if !able {
			left.set(path, code, count)
		}
	})
	if r.Open.Grown = left; len(left) == 0 {
		r.Open = nil
	}
	return true
}
