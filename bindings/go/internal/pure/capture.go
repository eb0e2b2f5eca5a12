package pure

import (
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/jsontext"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
)

// Recording an event: from the host's properties to a line in the spool.

// Capture records an event. When it answers OK, the event is stored under this UUID, and survives the death of the
// process.
func (c *Client) Capture(event *Event) (identity.UUID, Status) {
	uuid, status, _ := c.capture(event)
	return uuid, status
}

// capture also says why an event was lost, "" if it was not, or BeforeSend dropped it.
func (c *Client) capture(event *Event) (uuid identity.UUID, status Status, loss string) {
	if !c.mayRecord(event.Force) {
		return uuid, Disabled, ""
	}
	head, status := event.check()
	if status != OK {
		return uuid, status, ""
	}
	now := wall()
	// Somebody may have switched off in another process, which takes away what this one has written.
	if s := c.session.Load(); s == nil || s.spool.IsUnlinked() || c.look.IsDue(now) {
		c.lookAtFiles()
		if !c.mayRecord(event.Force) {
			return uuid, Disabled, ""
		}
	}
	s, err := c.openSession()
	if err != nil {
		c.say("nothing can be recorded: %v", err)
		return uuid, Storage, ""
	}
	var properties []byte
	if len(event.Properties) > 0 {
		if properties, err = jsontext.CompactObject(event.Properties); err != nil {
			return uuid, InvalidProperties, ""
		}
	}
	if head.uuid == (identity.UUID{}) {
		head.uuid = identity.At(now)
	}
	if event.Timestamp.IsZero() {
		head.at = now
	}
	if head.distinctID == "" {
		head.distinctID = s.clientID
	}
	line := head.line(properties, &s.common)
	if c.config.BeforeSend != nil {
		shown := c.beforeSend(line)
		if shown == nil {
			return uuid, Dropped, ""
		}
		if line, head.uuid, status = rewritten(shown); status != OK {
			return uuid, status, ""
		}
	}
	if line = append(line, '\n'); len(line) > c.config.MaxEventBytes {
		return uuid, EventTooLarge, ""
	}
	switch loss := s.spool.Append(line, now); loss {
	case "":
	case spool.Erased: // meanwhile, by an opt-out or a new ID
		return c.capture(event)
	default:
		return uuid, Dropped, loss
	}
	c.recorded(s, event.Force, now)
	return head.uuid, OK, ""
}

// beforeSend shows a line to the host; nil drops it, and so does a panic.
func (c *Client) beforeSend(line []byte) (shown []byte) {
	defer func() {
		if recover() != nil {
			shown = nil // it has not approved
		}
	}()
	return c.config.BeforeSend(line)
}

func (c *Client) recorded(s *session, force bool, now time.Time) {
	if force {
		c.forced.Store(true)
	}
	if c.config.Background {
		c.worker.recorded()
	}
	if s.report.IsDue(now) && c.config.ReportLosses && c.Consent().Enabled {
		c.reportLosses(s)
	}
}

// reportLosses records an event with the totals of what was lost on this machine, unless that was reported.
func (c *Client) reportLosses(s *session) {
	if !s.spool.IsOnDisk() {
		return
	}
	properties, uuid, any := spool.Unreported(s.spool.Dir, s.clientID)
	if !any {
		return
	}
	_, status, loss := c.capture(&Event{Name: "overt_losses", UUID: uuid.String(), Properties: properties})
	if status == OK || status == Dropped && loss == "" { // what BeforeSend drops it would drop again
		spool.Reported(s.spool.Dir, uuid)
	}
}
