package overt

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// A Config holds the options of a client. What is left out has the core's default, which is the same in every language.
//
// An option is a pointer where its zero value says something else than leaving it out: [Bool], [Int] and [Duration]
// make them. Times are rounded up to milliseconds.
type Config struct {
	// App is the tool's name: 1 to 64 letters, digits, '.', '-' and '_'. It names the state directory, and is the
	// property $app_name of the events. There is no default.
	App string
	// AppVersion is the property $app_version. Default: none.
	AppVersion string
	// APIKey is the project's public key. Without one the client is disabled; "aws-sam" needs none.
	APIKey string
	// Endpoint is the server's URL. Default: PostHog's US cloud; with "aws-sam" there is none, and the client is disabled.
	// Plain http only to loopback, unless AllowPlainHTTP.
	Endpoint string
	// AllowPlainHTTP allows plain http beyond loopback.
	AllowPlainHTTP bool
	// Wire is the protocol: "posthog" (default); with cgo also "posthog-v1" with a result for each event, and "aws-sam",
	// AWS SAM CLI's metrics.
	Wire string
	// Compression says how requests are packed: "none" (default), "gzip"; with "posthog-v1" also "deflate" and
	// "zstd".
	Compression string
	// Ack says when an event counts as delivered: "status" (default), when the server's status says so; "write", only with
	// "aws-sam", as soon as its request is written, whatever comes back.
	Ack string
	// ResponseWait: with Ack "write", how long the answer is awaited nevertheless, by nobody but overt's thread. Default:
	// 100 ms.
	ResponseWait *time.Duration
	// ExtraHeaders are added to every request.
	ExtraHeaders map[string]string

	// FlushAt: so many waiting events start a send by themselves. Default: 100.
	FlushAt int
	// FlushInterval: the oldest waiting event starts a send after this time. Default: 5 s.
	FlushInterval *time.Duration
	// MaxRetries: attempts of a batch after the first; then it rests for minutes. Default: 3.
	MaxRetries *int
	// Timeout is that of one whole request: name lookup, connection, TLS, writing and reading. Default: 10 s.
	Timeout time.Duration
	// ConnectTimeout is what of it the name lookup and the connection may take. Default: 5 s.
	ConnectTimeout time.Duration
	// ExitTimeout: how long Close may wait for delivery. Default: 0, nothing waits; what is left, the next run sends.
	ExitTimeout time.Duration
	// Background says whether a thread of overt's sends events by itself. Default: true. Off: only Flush and Close do.
	Background *bool
	// DetachedUpload says whether a process of its own delivers what Close leaves: this program, which is started again
	// and so must begin main with [UploaderMain]. One at a time, one a minute, none longer than a minute.
	DetachedUpload bool

	// MaxEventBytes: the largest event. Default: 32 KiB, at most 900 KiB.
	MaxEventBytes int
	// MaxBatchBytes: the largest request, before packing. Default: 512 KiB, at most 5 MiB.
	MaxBatchBytes int
	// MaxSpoolEvents: the most events waiting on disk. Default: 10,000.
	MaxSpoolEvents int
	// MaxSpoolBytes: the most bytes waiting on disk. Default: 8 MiB.
	MaxSpoolBytes int
	// MaxSpoolAge: the longest an event waits. Default: 30 days.
	MaxSpoolAge time.Duration
	// MaxMemoryEvents: the most events held in memory while the disk cannot be written. Default: 1,000.
	MaxMemoryEvents *int

	// SuperProperties are properties of every event; an event's own win.
	SuperProperties Props
	// Enrich says whether events say on what kind of system they arose. Default: true.
	Enrich *bool
	// DisableGeoIP asks the server not to derive a place from the sender's address. Default: true.
	DisableGeoIP *bool
	// PersonProfiles says whether events make person profiles. Default: false, events are anonymous.
	PersonProfiles bool
	// HistoricalMigration marks requests as an import of old events.
	HistoricalMigration bool
	// ReportLosses says whether an event overt_losses tells the server how many events were lost on this machine, if any
	// were. Default: true.
	ReportLosses *bool
	// BeforeSend has a last look at each event, which is one JSON object, on the goroutine that captures. What it gives
	// back is stored instead; nil drops the event, and so does a panic.
	BeforeSend func(event json.RawMessage) json.RawMessage

	// StateDir is where everything is kept. Default: the platform's directory for a user's state, overt, App.
	StateDir string
	// ClientIDPath is a text file of the tool's own that holds the client ID. Default: client_id in the state directory.
	ClientIDPath string
	// CountersPath is a file of the tool's own that counts its commands (see [Client.RecordCommand]), such as
	// ~/.config/pace/telemetry.yaml: one of PACE's is taken over. The client ID then lives there.
	CountersPath string
	// CountersEndpoint is where the counts go as one JSON document; under the same rule as Endpoint. Default: they go as
	// events, if there is a key.
	CountersEndpoint string
	// CountersInterval is how often the counts go. Negative: never, they are only kept. Default: an hour.
	CountersInterval *time.Duration
	// KeepSent says whether the last events that were sent stay readable. Off: what was kept goes with the next delivery.
	// Default: true.
	KeepSent *bool
	// ClientIDKey: the client ID is the string under this key of ClientIDPath, which then is a JSON object's file. Empty: it
	// is a text file.
	ClientIDKey string
	// Debug says on stderr what is done, never what an event holds. OVERT_DEBUG=1 does the same.
	Debug bool

	// Consent: the host says so itself. Off is final; on stands below the variables and a stored off.
	Consent *bool
	// ConsentFunc is asked at each capture, for a choice that the host keeps itself and that may change; in place of
	// Consent. It runs on the goroutine that captures and on overt's thread. A panic means off.
	ConsentFunc func() bool
	// ConsentEnv are variables of the tool's own: NAME is on for 1, true, t, yes, y and on in any case, NAME=1,yes for
	// exactly these values. Any other value, the empty one included, is off.
	ConsentEnv []string
	// ConsentPath is a JSON object's file of the tool's own that holds the user's choice, under ConsentKey. Its other members
	// stay as they are. Default: the choice lies in StateDir.
	ConsentPath string
	// ConsentKey is the key in ConsentPath whose boolean is the choice. Without it nobody has chosen; what is no boolean, or
	// a file that cannot be read, is off.
	ConsentKey string
	// DefaultConsent is what holds if nobody says anything. Default: true.
	DefaultConsent *bool
	// RespectDoNotTrack says whether DO_NOT_TRACK counts. Default: true.
	RespectDoNotTrack *bool
	// InCI says whether DefaultConsent holds in CI too, where nobody sees a notice.
	InCI bool
	// Notice is what a person is told once, on a terminal, before DefaultConsent counts for them: what is sent, where to
	// read it, how to stop it. It goes to stderr. Empty: nothing is told, and DefaultConsent counts at once.
	Notice string
	// SendBeforeNotice says whether DefaultConsent counts before the notice was shown.
	SendBeforeNotice bool
	// NoticeAnywhere says whether the notice is shown in CI, too, and where stderr is a pipe or a file. Never to a null
	// device.
	NoticeAnywhere bool
}

// Bool gives an option that is a pointer: overt.Config{Background: overt.Bool(false)}.
func Bool(value bool) *bool { return &value }

// Int gives an option that is a pointer: overt.Config{MaxRetries: overt.Int(0)}.
func Int(value int) *int { return &value }

// Duration gives an option that is a pointer: overt.Config{FlushInterval: overt.Duration(time.Minute)}.
func Duration(value time.Duration) *time.Duration { return &value }

// check refuses what C has no form for; all else is the back end's to judge. The options have the core's names, as in every
// message.
func (c *Config) check() error {
	if c.Consent != nil && c.ConsentFunc != nil {
		return errors.New("overt: consent: Consent and ConsentFunc exclude each other")
	}
	if c.DetachedUpload && !looked.Load() {
		return errors.New("overt: detached_upload: main does not begin with UploaderMain")
	}
	for _, number := range []struct {
		name  string
		value int64
		limit int64
	}{
		{"flush_at", int64(c.FlushAt), math.MaxUint32},
		{"flush_interval", int64(given(c.FlushInterval)), math.MaxInt64},
		{"max_retries", int64(given(c.MaxRetries)), math.MaxUint32},
		{"timeout", int64(c.Timeout), math.MaxInt64},
		{"connect_timeout", int64(c.ConnectTimeout), math.MaxInt64},
		{"exit_timeout", int64(c.ExitTimeout), math.MaxInt64},
		{"response_wait", int64(given(c.ResponseWait)), math.MaxInt64},
		{"max_event_bytes", int64(c.MaxEventBytes), math.MaxInt64},
		{"max_batch_bytes", int64(c.MaxBatchBytes), math.MaxInt64},
		{"max_spool_events", int64(c.MaxSpoolEvents), math.MaxInt64},
		{"max_spool_bytes", int64(c.MaxSpoolBytes), math.MaxInt64},
		{"max_spool_age", int64(c.MaxSpoolAge), math.MaxInt64},
		{"max_memory_events", int64(given(c.MaxMemoryEvents)), math.MaxInt64},
	} {
		if number.value < 0 || number.value > number.limit {
			return fmt.Errorf("overt: %s: must lie between 0 and %d", number.name, number.limit)
		}
	}
	return nil
}

func given[T any](option *T) (value T) {
	if option != nil {
		value = *option
	}
	return value
}
