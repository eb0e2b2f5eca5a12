//go:build !cgo

package overt

import (
	"encoding/json"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure"
)

// Without cgo the package stands on internal/pure, which is overt in Go. This file has the functions of cgo.go, for a
// client that may be nil.

// native is the client of internal/pure; nil is a disabled one.
type native = *pure.Client

func open(config *Config) (client native, err error) {
	defer func() {
		if recover() != nil {
			client, err = nil, Internal
		}
	}()
	return openPure(config)
}

// uploaderMain: without cgo no process is ever started to deliver.
func uploaderMain([]string) bool { return false }

// release frees a client that nobody closed, without waiting for delivery.
func release(client native) {
	if client != nil {
		caught(func() Status {
			client.Free()
			return OK
		}, Internal)
	}
}

// caught: a fault of ours is a status to the host, as the core's are at the boundary to C.
func caught[T any](call func() T, otherwise T) (answer T) {
	defer func() {
		if recover() != nil {
			answer = otherwise
		}
	}()
	return call()
}

func captureEvent(c *Client, name string, properties []byte) Capture {
	return record(c, &pure.Event{Name: name, Properties: properties})
}

func record(c *Client, event *pure.Event) Capture {
	if c.native == nil {
		return Capture{Status: Disabled}
	}
	return caught(func() Capture {
		uuid, status := c.native.Capture(event)
		captured := Capture{Status: Status(status)}
		captured.high, captured.low = uuid.Words()
		return captured
	}, Capture{Status: Internal})
}

func capture(c *Client, event *Event) Capture {
	e := newEncoder()
	defer e.free()
	if status := e.props(event.Props); status != OK {
		return Capture{Status: status}
	}
	return record(c, pureEvent(event, e.out))
}

func flush(c *Client, wait time.Duration) Status {
	if c.native == nil {
		return OK
	}
	return caught(func() Status { return Status(c.native.Flush(wait)) }, Internal)
}

func waitAtExit(c *Client) Status {
	if c.native == nil {
		return OK
	}
	return caught(func() Status { return Status(c.native.WaitAtExit()) }, Internal)
}

func recordCommand(c *Client, path string, exitCode int32) Status {
	if c.native == nil {
		return Disabled
	}
	return caught(func() Status { return Status(c.native.RecordCommand(path, exitCode)) }, Internal)
}

func countersJSON(c *Client) string {
	if c.native == nil {
		return ""
	}
	return caught(c.native.Counters, "")
}

func closeNative(c *Client, wait time.Duration) Status {
	if c.native == nil {
		return OK
	}
	return caught(func() Status { return Status(c.native.Close(wait)) }, Internal)
}

func consent(c *Client) Consent {
	if c.native == nil {
		return Consent{Reason: ReasonNoClient}
	}
	return caught(func() Consent {
		found := c.native.Consent()
		return Consent{Enabled: found.Enabled, Reason: ConsentReason(found.Reason)}
	}, Consent{Reason: ReasonNoClient})
}

func setConsent(c *Client, enabled bool) Status {
	if c.native == nil {
		return Disabled
	}
	return caught(func() Status { return Status(c.native.SetConsent(enabled)) }, Internal)
}

func noticeShown(c *Client) bool { return c.native != nil && c.native.NoticeShown() }

func clientID(c *Client) (string, Status) {
	if c.native == nil {
		return "", Disabled
	}
	return identified(c.native.ClientID)
}

func resetClientID(c *Client) (string, Status) {
	if c.native == nil {
		return "", Disabled
	}
	return identified(c.native.ResetClientID)
}

func identified(ask func() (string, pure.Status)) (id string, status Status) {
	status = caught(func() Status {
		var found pure.Status
		id, found = ask()
		return Status(found)
	}, Internal)
	return id, status
}

func pending(c *Client) string {
	if c.native == nil {
		return ""
	}
	return caught(c.native.Pending, "")
}

func sent(c *Client) string {
	if c.native == nil {
		return ""
	}
	return caught(c.native.Sent, "")
}

func statsJSON(c *Client) string {
	if c.native == nil {
		return "{}"
	}
	return caught(func() string { return text(c.native.Stats()) }, "{}")
}

func lossesJSON(c *Client) string {
	if c.native == nil {
		return "{}"
	}
	return caught(func() string { return text(c.native.Losses()) }, "{}")
}

// text is the JSON of numbers.
func text(numbers any) string {
	text, _ := json.Marshal(numbers)
	return string(text)
}

func statusText(status Status) string { return pure.Status(status).Error() }

func version() string { return pure.Version }
