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

func open(config *Config) (native, error) { return openPure(config) }

// uploaderMain: without cgo no process is ever started to deliver.
func uploaderMain([]string) bool { return false }

// release frees a client that nobody closed, without waiting for delivery.
func release(client native) {
	if client != nil {
		client.Free()
	}
}

func captureEvent(c *Client, name string, properties []byte) Capture {
	return record(c, &pure.Event{Name: name, Properties: properties})
}

func record(c *Client, event *pure.Event) Capture {
	if c.native == nil {
		return Capture{Status: Disabled}
	}
	uuid, status := c.native.Capture(event)
	captured := Capture{Status: Status(status)}
	captured.high, captured.low = uuid.Words()
	return captured
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
	return Status(c.native.Flush(wait))
}

func waitAtExit(c *Client) Status {
	if c.native == nil {
		return OK
	}
	return Status(c.native.WaitAtExit())
}

func recordCommand(c *Client, path string, exitCode int32) Status {
	if c.native == nil {
		return Disabled
	}
	return Status(c.native.RecordCommand(path, exitCode))
}

func countersJSON(c *Client) string {
	if c.native == nil {
		return ""
	}
	return c.native.Counters()
}

func closeNative(c *Client, wait time.Duration) Status {
	if c.native == nil {
		return OK
	}
	return Status(c.native.Close(wait))
}

func consent(c *Client) Consent {
	if c.native == nil {
		return Consent{Reason: ReasonNoClient}
	}
	found := c.native.Consent()
	return Consent{Enabled: found.Enabled, Reason: ConsentReason(found.Reason)}
}

func setConsent(c *Client, enabled bool) Status {
	if c.native == nil {
		return Disabled
	}
	return Status(c.native.SetConsent(enabled))
}

func noticeShown(c *Client) bool { return c.native != nil && c.native.NoticeShown() }

func clientID(c *Client) (string, Status) {
	if c.native == nil {
		return "", Disabled
	}
	id, status := c.native.ClientID()
	return id, Status(status)
}

func resetClientID(c *Client) (string, Status) {
	if c.native == nil {
		return "", Disabled
	}
	id, status := c.native.ResetClientID()
	return id, Status(status)
}

func pending(c *Client) string {
	if c.native == nil {
		return ""
	}
	return c.native.Pending()
}

func sent(c *Client) string {
	if c.native == nil {
		return ""
	}
	return c.native.Sent()
}

func statsJSON(c *Client) string {
	if c.native == nil {
		return "{}"
	}
	return text(c.native.Stats())
}

func lossesJSON(c *Client) string {
	if c.native == nil {
		return "{}"
	}
	return text(c.native.Losses())
}

// text is the JSON of numbers.
func text(numbers any) string {
	text, _ := json.Marshal(numbers)
	return string(text)
}

func statusText(status Status) string { return pure.Status(status).Error() }

func version() string { return pure.Version }
