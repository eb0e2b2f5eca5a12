package overt

import (
	"context"
	"encoding/json"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Client records events and delivers them. Any number of goroutines may use it at once.
//
// A nil *Client is a disabled one, so a program whose client could not be made needs no further check.
type Client struct {
	native native
	// asks: there is a ConsentFunc, so nothing about consent is known without asking.
	asks bool
	// off: nothing is recorded for as long as this process does not say otherwise, so that the disabled path is one load;
	// deciding guards it. What could not be read may be over in a moment, and the core looks again: it is asked then.
	off      atomic.Bool
	deciding sync.Mutex
	closed   atomic.Bool
}

// New makes a client. It does nothing on the network, and starts no thread unless an earlier run left events behind. An
// error names the option that cannot be used; the client is then nil, and may be used all the same.
func New(config Config) (*Client, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	native, err := open(&config)
	if err != nil {
		return nil, err
	}
	c := &Client{native: native, asks: config.ConsentFunc != nil}
	runtime.AddCleanup(c, release, native)
	c.Consent()
	return c, nil
}

// Version gives the version of the library that runs, such as "0.1.0"; without cgo that of this package.
func Version() string { return version() }

// CaptureEvent records an event. When the answer's Status is OK, the event is stored and survives the death of the
// process. It never waits for the network, and never panics.
func (c *Client) CaptureEvent(name string, props Props) Capture {
	if c.isOff() {
		return Capture{Status: Disabled}
	}
	return c.record(name, props)
}

func (c *Client) record(name string, props Props) Capture {
	e := newEncoder()
	defer e.free()
	if status := e.props(props); status != OK {
		return Capture{Status: status}
	}
	return captureEvent(c, name, e.out)
}

// Capture records an event of which more is said than its name and properties.
func (c *Client) Capture(event Event) Capture {
	if event.isPlain() {
		return c.CaptureEvent(event.Name, event.Props)
	}
	if c.isOff() && !(c != nil && event.Force) {
		return Capture{Status: Disabled}
	}
	return capture(c, &event)
}

// RecordCommand counts a command of the tool: its path, such as "pace get data-policy" (the words that the tool defines,
// never what its user typed beside them), and its exit code. When it gives [OK] the command is counted, and survives the
// death of the process. It never waits for the network or for other processes. See [Config.CountersPath].
func (c *Client) RecordCommand(path string, exitCode int) Status {
	if c.isOff() {
		return Disabled
	}
	return recordCommand(c, path, int32(min(max(exitCode, math.MinInt32), math.MaxInt32)))
}

// Counters gives the counts of commands, as the JSON document that is uploaded; "" if there are none.
func (c *Client) Counters() string {
	if c == nil {
		return ""
	}
	return countersJSON(c)
}

// isOff says whether nothing is recorded, as far as that is known here. Every change of consent in this process passes
// through this client; what others change, the core sees.
func (c *Client) isOff() bool {
	return c == nil || c.off.Load() || c.asks && !c.Consent().Enabled
}

// Flush waits until everything that was recorded before is delivered or given up, at most until ctx's deadline. The
// errors [Timeout] and [Undelivered] lose nothing: what is left stays where it is.
//
// A ctx that is cancelled beforehand ends the call; one that is cancelled meanwhile does not.
func (c *Client) Flush(ctx context.Context) error {
	if c == nil {
		return nil
	}
	wait, err := timeLeft(ctx)
	if err != nil {
		return err
	}
	return flush(c, wait).err()
}

// Close ends delivery: it waits for at most Config.ExitTimeout, which by default is not at all, then stops overt's
// thread. Each run in a row that waited in vain halves the next one's time, for five minutes; one that captured nothing
// does not wait. Events can still be recorded; a later run sends them. A second call does nothing.
func (c *Client) Close() error {
	if c == nil || c.closed.Swap(true) {
		return nil
	}
	waited := waitAtExit(c).err()
	if err := closeNative(c, 0).err(); err != nil {
		return err
	}
	return waited
}

// CloseContext is Close, but waits for delivery until ctx's deadline.
func (c *Client) CloseContext(ctx context.Context) error {
	if c == nil {
		return nil
	}
	wait, err := timeLeft(ctx)
	if err != nil {
		_ = c.close(0)
		return err
	}
	return c.close(wait)
}

func (c *Client) close(wait time.Duration) error {
	if c.closed.Swap(true) {
		return nil
	}
	return closeNative(c, wait).err()
}

// timeLeft gives the time until ctx's deadline, or an error if ctx has ended.
func timeLeft(ctx context.Context) (time.Duration, error) {
	if ctx == nil {
		return math.MaxInt64, nil
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	deadline, limited := ctx.Deadline()
	if !limited {
		return math.MaxInt64, nil
	}
	return max(time.Until(deadline), 0), nil
}

// Consent says whether events are recorded, and why.
func (c *Client) Consent() Consent {
	if c == nil {
		return Consent{Reason: ReasonNoClient}
	}
	if c.asks { // without the lock: the host's function may call us
		return consent(c)
	}
	c.deciding.Lock()
	defer c.deciding.Unlock()
	found := consent(c)
	c.off.Store(!found.Enabled && found.Reason != ReasonUnreadable)
	return found
}

// SetConsent stores the user's choice, for this process and all later ones, and says what then holds: a variable that
// says off overrules on. Off also erases the client ID and everything pending. The error [Storage] means that the choice
// holds in this process, but could not be stored, or not all be erased.
func (c *Client) SetConsent(enabled bool) (Consent, error) {
	if c == nil {
		return c.Consent(), nil
	}
	status := setConsent(c, enabled)
	return c.Consent(), status.err()
}

// NoticeShown says whether this client has shown Config.Notice: the tool's first run on a terminal. Tools that count
// installations record an event then.
func (c *Client) NoticeShown() bool {
	return c != nil && noticeShown(c)
}

// ClientID gives the random ID under which this installation's events are recorded, made now if there is none yet; ""
// while consent is off.
func (c *Client) ClientID() (string, error) {
	if c == nil {
		return "", nil
	}
	id, status := clientID(c)
	return id, status.err()
}

// ResetClientID forgets the client ID and erases everything pending, whether events are recorded or not. It gives the
// new ID, or "" while consent is off.
func (c *Client) ResetClientID() (string, error) {
	if c == nil {
		return "", nil
	}
	id, status := resetClientID(c)
	return id, status.err()
}

// Pending gives the events that wait, oldest first: one JSON object each, exactly as it will be sent.
func (c *Client) Pending() []string {
	if c == nil {
		return nil
	}
	return lines(pending(c))
}

// Sent gives the last events that were sent, oldest first: one JSON object each, exactly as it was sent.
func (c *Client) Sent() []string {
	if c == nil {
		return nil
	}
	return lines(sent(c))
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// Stats is what a client did in this process.
type Stats struct {
	// Recorded events.
	Recorded uint64 `json:"recorded"`
	// Delivered events, those of other processes included.
	Delivered uint64 `json:"delivered"`
	// Unconfirmed are those of them about which the server said nothing that overt understands.
	Unconfirmed uint64 `json:"unconfirmed"`
	// Pending events, those of other processes included as far as they are known.
	Pending uint64 `json:"pending"`
	// Lost events.
	Lost uint64 `json:"lost"`
	// Requests that were made.
	Requests uint64 `json:"requests"`
	// Failures are requests that brought no acknowledgement.
	Failures uint64 `json:"failures"`
	// Panics of overt's thread that were caught.
	Panics uint64 `json:"panics"`
	// Storage says where events wait: "none" before the first one, "disk" or "memory".
	Storage string `json:"storage"`
}

// Stats says what this client did in this process.
func (c *Client) Stats() Stats {
	stats := Stats{Storage: "none"}
	if c != nil {
		_ = json.Unmarshal([]byte(statsJSON(c)), &stats) // without a client there is no text
	}
	return stats
}

// A LossReason says why an event was lost; its word is the same in every language of overt.
type LossReason string

const (
	// LossSpoolFull: MaxSpoolEvents or MaxSpoolBytes waited, so the new event was dropped.
	LossSpoolFull LossReason = "spool_full"
	// LossMemoryFull: the state directory cannot be written, and MaxMemoryEvents waited.
	LossMemoryFull LossReason = "memory_full"
	// LossExpired: the event waited longer than MaxSpoolAge.
	LossExpired LossReason = "expired"
	// LossRefused: the server's answer was final.
	LossRefused LossReason = "refused"
	// LossCorrupt: a line on disk is no event any more.
	LossCorrupt LossReason = "corrupt"
)

// Losses counts the events that this process lost, by the reasons that occurred.
func (c *Client) Losses() map[LossReason]uint64 {
	losses := map[LossReason]uint64{}
	if c != nil {
		_ = json.Unmarshal([]byte(lossesJSON(c)), &losses) // without a client there is no text
	}
	return losses
}
