package overt

import (
	"fmt"
	"time"
)

// An Event is what [Client.Capture] records. What is left out has its usual value.
type Event struct {
	// Name has 1 to 200 bytes.
	Name  string
	Props Props
	// DistinctID says whose event it is. Left out: the client ID's.
	DistinctID string
	// Timestamp says when it happened, to the microsecond. Left out: when it is captured.
	Timestamp time.Time
	// UUID is for an event that may be captured twice and is to count once. Left out: a new one.
	UUID string
	// Options tell the server how to treat it.
	Options Options
	// Force records it although the host, CI or the tool's default says off. A person's off is never overruled.
	Force bool
}

// Options tell the server how to treat one event. What is left out is not sent.
type Options struct {
	// ProcessPersonProfile says whether the event makes or updates a person profile.
	ProcessPersonProfile *bool
	// CookielessMode says whether the server is to work without cookies or stable IDs.
	CookielessMode *bool
	// DisableSkewCorrection says whether the server is to leave the event's time alone.
	DisableSkewCorrection *bool

	ProductTourID string
	SessionID     string
	WindowID      string
}

// isPlain says whether an event is only a name and properties.
func (e *Event) isPlain() bool {
	return !e.Force && e.DistinctID == "" && e.UUID == "" && e.Timestamp.IsZero() && e.Options == Options{}
}

// A Capture is what became of an event. It may be ignored.
type Capture struct {
	// Status is OK if the event is stored; it then survives the death of the process.
	Status Status
	// high and low are the UUID: three words are returned in registers, so the disabled path touches no memory.
	high, low uint64
}

// UUID is that of the recorded event; "" if nothing was recorded.
func (c Capture) UUID() string {
	if c.Status != OK {
		return ""
	}
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", c.high>>32, c.high>>16&0xffff, c.high&0xffff, c.low>>48, c.low<<16>>16)
}

// Err is nil unless something was wrong. That consent is off, or that a limit dropped the event, is no error.
func (c Capture) Err() error { return c.Status.err() }
