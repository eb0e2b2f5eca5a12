package pure

import (
	"strings"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
)

// What a client can tell: what waits, what was sent, and what it did.

// Pending gives the events that wait, oldest first, each with a line break.
func (c *Client) Pending() string {
	var lines []string
	if c.root != "" {
		lines = spool.Pending(c.spoolDir())
	}
	if s := c.session.Load(); s != nil {
		lines = append(lines, s.spool.Pending()...)
	}
	return strings.Join(append(lines, ""), "\n")
}

// Sent gives the last events that were sent, oldest first, each with a line break.
func (c *Client) Sent() string {
	if c.root == "" {
		return ""
	}
	return spool.Sent(c.spoolDir())
}

// Stats says what this client did in this process.
func (c *Client) Stats() Stats {
	stats := Stats{Storage: "none"}
	if s := c.session.Load(); s != nil {
		stats.Pending, stats.Storage = s.spool.Waiting()
	}
	c.worker.mutex.Lock()
	stats.Panics = c.worker.panics
	c.worker.mutex.Unlock()
	recorded, own := c.counts.Own()
	stats.Recorded, stats.Delivered, stats.Unconfirmed = recorded, own.Delivered, own.Unconfirmed
	stats.Requests, stats.Failures = own.Requests, own.Failures
	for _, lost := range own.Lost {
		stats.Lost += lost
	}
	return stats
}

// Losses counts the events that this process lost, by the reasons that occurred.
func (c *Client) Losses() map[string]int64 {
	_, own := c.counts.Own()
	return own.Lost
}

// Stats is what a client did in this process, by the names of overt.Stats in JSON.
type Stats struct {
	Recorded    int64  `json:"recorded"`
	Delivered   int64  `json:"delivered"`
	Unconfirmed int64  `json:"unconfirmed"`
	Pending     int64  `json:"pending"`
	Lost        int64  `json:"lost"`
	Requests    int64  `json:"requests"`
	Failures    int64  `json:"failures"`
	Panics      int64  `json:"panics"`
	Storage     string `json:"storage"`
}
