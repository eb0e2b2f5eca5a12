package pure

import "strings"

// What a client can tell: what waits, what was sent, and what it did.

// Pending gives the events that wait, oldest first, each with a line break.
func (c *Client) Pending() string {
	var lines []string
	if c.root != "" {
		lines = pendingLines(c.spoolDir())
	}
	if s := c.session.Load(); s != nil {
		s.mutex.Lock()
		for _, line := range s.inMemory() {
			lines = append(lines, string(line))
		}
		s.mutex.Unlock()
	}
	return strings.Join(append(lines, ""), "\n")
}

// Sent gives the last events that were sent, oldest first, each with a line break.
func (c *Client) Sent() string {
	if c.root == "" {
		return ""
	}
	return sentLines(c.spoolDir())
}

// Stats says what this client did in this process.
func (c *Client) Stats() Stats {
	stats := Stats{Storage: "none"}
	if s := c.session.Load(); s != nil {
		stats.Pending, stats.Storage = s.waiting()
	}
	c.worker.mutex.Lock()
	stats.Panics = c.worker.panics
	c.worker.mutex.Unlock()
	c.counts.mutex.Lock()
	defer c.counts.mutex.Unlock()
	own := &c.counts.own
	stats.Recorded, stats.Delivered, stats.Unconfirmed = c.counts.recorded, own.Delivered, own.Unconfirmed
	stats.Requests, stats.Failures = own.Requests, own.Failures
	for _, lost := range own.Lost {
		stats.Lost += lost
	}
	return stats
}

// Losses counts the events that this process lost, by the reasons that occurred.
func (c *Client) Losses() map[string]int64 {
	c.counts.mutex.Lock()
	defer c.counts.mutex.Unlock()
	losses := map[string]int64{}
	for reason, lost := range c.counts.own.Lost {
		losses[reason] = lost
	}
	return losses
}
