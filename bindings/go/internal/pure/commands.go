package pure

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/counters"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/jsontext"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// RecordCommand counts a command, whose path is made of words that the tool defines. When it answers OK, it is counted
// for good. It waits neither for the network nor for other processes.
func (c *Client) RecordCommand(path string, code int32) Status {
	switch {
	case !c.Consent().Enabled:
		return Disabled
	case c.counters == nil:
		return InvalidConfig
	case !utf8.ValidString(path):
		return InvalidUTF8
	case !counters.IsCommand(path):
		return InvalidName
	}
	switch err := c.counters.Count(path, code, c.allowed()); {
	case errors.Is(err, counters.ErrOff):
		return Disabled
	case errors.Is(err, counters.ErrFull):
		return Dropped
	case err != nil:
		c.say("the command cannot be counted: %v", err)
		return Storage
	}
	if c.lookAtCounters.IsDue(wall()) {
		c.afterCounting()
	}
	return OK
}

// Counters gives the counts, as the JSON document that is uploaded; "" if there are none.
func (c *Client) Counters() string {
	if c.counters != nil {
		if found, any := c.counters.Document(); any {
			return string(found.JSON())
		}
	}
	return ""
}

// allowed says whether it may be counted, asked with the lock of the counters held. The host is asked before: it is its
// code.
func (c *Client) allowed() func() bool {
	host := c.hostSays()
	return func() bool {
		if said := c.said.Load(); said != nil && !*said {
			host = said
		}
		return c.decideAs(host).Enabled
	}
}

// afterCounting sees to it that the counts go out, now or by a later process.
func (c *Client) afterCounting() {
	if c.root != "" {
		if !system.Exists(filepath.Join(c.spoolDir(), "destination.json")) {
			// Stores what a later process must know. That it cannot is no reason not to count.
			if _, err := c.openSession(); err != nil {
				c.say("the counters stay here: %v", err)
			}
		}
	}
	c.reportCounts()
	if wait, any := c.countersWait(); any && c.config.Background {
		c.worker.foundLeftovers(wait)
	}
}

// reportCounts says by events what was counted since the last time, if that is how the counts go out and it is time.
func (c *Client) reportCounts() {
	now, interval := wall(), c.config.CountersInterval
	asEvents := c.config.CountersEndpoint == "" && interval >= 0 && c.mayRecord(false)
	if !asEvents || !c.counters.IsDue(now, interval) {
		return
	}
	err := c.counters.Report(now, interval, c.allowed(), func(grown counters.Growth) bool {
		properties := jsontext.AppendString([]byte(`{"command":`), grown.Path)
		properties = fmt.Appendf(properties, `,"exit_code":%d,"count":%d}`, grown.Code, grown.Count)
		_, status, loss := c.capture(&Event{
			Name: "overt_commands", UUID: grown.UUID.String(), Timestamp: grown.At, Properties: properties,
		})
		// What BeforeSend drops it would drop again.
		return loss == "" && status != Disabled && status != Storage
	})
	if err != nil {
		c.say("the counts are not reported: %v", err)
	}
}

// countersWait says after what time the counters are to go out as a document; false if not in this interval.
func (c *Client) countersWait() (wait time.Duration, any bool) {
	if c.counters == nil || c.config.CountersEndpoint == "" || c.config.CountersInterval < 0 || !c.Consent().Enabled {
		return 0, false
	}
	if c.counters.IsDue(wall(), c.config.CountersInterval) {
		return 0, true
	}
	begun, err := system.Read(c.countersLock())
	return c.config.FlushInterval, c.root != "" && err == nil && len(begun) > 0
}

// countersLock is held during an upload, and notes one that has begun: one that the end of its process cut off is made
// again by whoever delivers next.
func (c *Client) countersLock() string { return filepath.Join(c.spoolDir(), "counters.lock") }

// uploadCounters sends the counters if it is time. True: another process is at it.
func (c *Client) uploadCounters() (busy bool) {
	if _, any := c.countersWait(); !any {
		return false
	}
	s, err := c.openSession()
	if err != nil || !s.spool.IsOnDisk() {
		return false
	}
	lock, err := system.TakeLock(c.countersLock())
	if err == nil && lock == nil {
		return true
	}
	if err == nil {
		defer system.Release(lock)
		err = c.uploadHeld(lock, filepath.Join(c.spoolDir(), "counters.json"))
	}
	if err != nil {
		c.say("the counters cannot be uploaded: %v", err)
	}
	return false
}

func (c *Client) uploadHeld(lock *os.File, kept string) error {
	now, allowed := wall(), c.allowed()
	_, cutOff := system.Noted(lock, now)
	// Before the stamp: whoever dies between the two has promised an upload, and not prevented one.
	if err := system.Note(lock, now.UnixMilli()); err != nil {
		return err
	}
	document, due, err := c.counters.Claim(now, c.config.CountersInterval, allowed)
	if err == nil && !due && cutOff && allowed() {
		document, due = c.counters.Document()
	}
	if err != nil || !due {
		_ = system.Note(lock, 0)
		return err
	}
	body := document.JSON()
	c.counts.Book("requests", 1)
	answer, said, err := c.exchange(c.config.CountersEndpoint, body, "", maxAnswerBytes)
	taken := err == nil && answer.StatusCode == http.StatusOK && string(bytes.TrimSpace(said)) == "OK"
	if err != nil {
		c.say("counters: %v", err)
	} else {
		c.say("counters: status %d", answer.StatusCode)
	}
	if !taken {
		c.counts.Book("failures", 1)
	}
	if !c.config.KeepSent {
		_ = system.Remove(kept)
	} else if taken {
		_ = system.Replace(kept, body)
	}
	return system.Note(lock, 0)
}
