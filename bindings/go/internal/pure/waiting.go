package pure

import (
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
)

// Who waits for delivery, and who goes on with it.

// pass is one run of the worker over what waits.
func (c *Client) pass() (ended spool.Outcome) {
	defer func() { c.say("pass %d", ended) }()
	now := wall()
	c.lookAtFiles()
	othersUpload := c.uploadCounters()
	if ended = c.deliverEvents(now); ended == spool.Done && othersUpload {
		ended = spool.Busy
	}
	return ended
}

func (c *Client) deliverEvents(now time.Time) spool.Outcome {
	if c.config.APIKey == "" {
		return spool.Done // there are no events
	}
	if !c.maySend() {
		return spool.Stopped
	}
	s, err := c.openSession()
	if err != nil {
		c.say("nothing can be sent: %v", err)
		return spool.Stopped
	}
	return s.spool.Deliver(now, c.deliver)
}

// deliverLeftovers sees to what an earlier process left.
func (c *Client) deliverLeftovers() {
	if wait, any := c.countersWait(); any {
		c.worker.foundLeftovers(wait)
	}
	if oldest, any := c.oldest(); any {
		now := wall()
		wait := c.config.FlushInterval - max(now.Sub(oldest), 0)
		c.worker.foundLeftovers(max(wait, spool.ParkedFor(c.spoolDir(), now)))
	}
}

// oldest says when the oldest of what waits on disk was recorded; false if there is nothing.
func (c *Client) oldest() (begun time.Time, any bool) {
	if c.root == "" {
		return begun, false
	}
	return spool.Oldest(c.spoolDir())
}

// Flush waits until all that was recorded before is delivered or given up, at most so long. Unlike the worker it also
// tries what is parked.
func (c *Client) Flush(timeout time.Duration) Status {
	_, anyEvents := c.oldest()
	anyEvents = c.maySend() && (anyEvents || c.session.Load() != nil)
	if _, any := c.countersWait(); !any && !anyEvents {
		return OK
	}
	status := c.worker.flush(timeout)
	// After Close nothing is tried, and with nothing waiting nothing needs to be.
	if status == Undelivered && c.pendingEvents() == 0 {
		return OK
	}
	return status
}

func (c *Client) pendingEvents() int64 {
	if s := c.session.Load(); s != nil {
		events, _ := s.spool.Waiting()
		return events
	}
	return 0
}

// Close ends delivery: it waits for it at most so long, then stops the worker. Events can still be recorded.
func (c *Client) Close(timeout time.Duration) Status {
	status := OK
	if timeout > 0 {
		status = c.Flush(timeout)
	}
	c.worker.close()
	if s := c.session.Load(); s != nil {
		if c.lookAtFiles(); c.maySend() && c.session.Load() == s {
			s.spool.Leave(wall())
		} else {
			s.spool.Clear()
		}
	}
	return status
}

// WaitAtExit waits for delivery within Config.ExitTimeout, or what earlier exits in vain have left of it.
func (c *Client) WaitAtExit() Status {
	if _, any := c.countersWait(); c.config.ExitTimeout == 0 || c.root == "" || c.pendingEvents() == 0 && !any {
		return OK
	}
	down := readCooldown(c.spoolDir(), wall())
	status := c.Flush(down.wait(c.config.ExitTimeout))
	down.note(status != OK, wall())
	return status
}

// Free closes a client that nobody uses any more, without waiting, and gives up its files.
func (c *Client) Free() {
	c.Close(0)
	if s := c.session.Swap(nil); s != nil {
		s.spool.Free() // a request that is under way may still be answered
	}
}
