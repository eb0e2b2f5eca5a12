package pure

import "time"

// Who waits for delivery, and who goes on with it.

// pass is one run of the worker over what waits.
func (c *Client) pass() (ended pass) {
	defer func() { c.say("pass %d", ended) }()
	now := wall()
	c.lookAtFiles()
	othersUpload := c.uploadCounters()
	if ended = c.deliverEvents(now); ended == passDone && othersUpload {
		ended = passBusy
	}
	return ended
}

func (c *Client) deliverEvents(now time.Time) pass {
	if c.config.APIKey == "" {
		return passDone // there are no events
	}
	if !c.maySend() {
		return passStopped
	}
	s, err := c.openSession()
	if err != nil {
		c.say("nothing can be sent: %v", err)
		return passStopped
	}
	return s.deliver(now, &c.counts, func(from source) pass { return c.deliver(s, from) })
}

// leftovers says when the oldest segment of the spool was begun; false if there is none.
func (c *Client) leftovers() (oldest time.Time, any bool) {
	if c.root == "" {
		return oldest, false
	}
	names := segments(c.spoolDir(), segmentEnding)
	if len(names) == 0 {
		return oldest, false
	}
	return time.UnixMilli(names[0].begun()), true
}

func (c *Client) deliverLeftovers() {
	if wait, any := c.countersWait(); any {
		c.worker.foundLeftovers(wait)
	}
	oldest, any := c.leftovers()
	if !any {
		return
	}
	now := wall()
	parked := time.UnixMilli(readLedger(c.spoolDir()).ParkedUntilMs).Sub(now)
	if parked > parkTime {
		parked = 0 // a clock that was set back must not park for years
	}
	c.worker.foundLeftovers(max(c.config.FlushInterval-max(now.Sub(oldest), 0), parked, 0))
}

// Flush waits until all that was recorded before is delivered or given up, at most so long. Unlike the worker it also
// tries what is parked.
func (c *Client) Flush(timeout time.Duration) Status {
	_, anyEvents := c.leftovers()
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
		events, _ := s.waiting()
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
		s.end(wall())
		if disk := s.spool(); disk != nil {
			if news := c.counts.takeNews(); len(news.records()) > 0 && leaveNews(disk.dir, news, wall()) != nil {
				c.counts.giveBack(news)
			}
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
	c.forgetSession()
}
