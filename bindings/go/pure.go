//go:build !cgo

package overt

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure"
)

// Without cgo the package stands on internal/pure, which is overt in Go. This file has the functions of cgo.go.

// native is the client of internal/pure; nil is a disabled one.
type native = *pure.Client

func open(config *Config) (native, error) {
	if config.DetachedUpload {
		return nil, errors.New("overt: detached_upload: needs cgo")
	}
	options, err := pureConfig(config)
	if err != nil {
		return nil, err
	}
	client, err := pure.New(options)
	if err != nil {
		return nil, fmt.Errorf("overt: %w", err)
	}
	return client, nil
}

func pureConfig(config *Config) (pure.Config, error) {
	to := pure.Defaults()
	to.App, to.AppVersion, to.APIKey, to.Endpoint = config.App, config.AppVersion, config.APIKey, config.Endpoint
	to.AllowPlainHTTP, to.StateDir, to.ClientIDPath = config.AllowPlainHTTP, config.StateDir, config.ClientIDPath
	to.PersonProfiles, to.HistoricalMigration, to.Debug = config.PersonProfiles, config.HistoricalMigration, config.Debug
	to.Consent, to.ConsentFunc, to.ConsentEnv = config.Consent, config.ConsentFunc, config.ConsentEnv
	to.InCI, to.Notice, to.SendBeforeNotice = config.InCI, config.Notice, config.SendBeforeNotice
	for _, name := range slices.Sorted(maps.Keys(config.ExtraHeaders)) {
		to.ExtraHeaders = append(to.ExtraHeaders, [2]string{name, config.ExtraHeaders[name]})
	}
	if hook := config.BeforeSend; hook != nil {
		to.BeforeSend = func(event []byte) []byte { return hook(event) }
	}

	unlessZero(&to.Wire, config.Wire)
	unlessZero(&to.Compression, config.Compression)
	unlessZero(&to.FlushAt, config.FlushAt)
	unlessZero(&to.Timeout, config.Timeout)
	unlessZero(&to.ConnectTimeout, config.ConnectTimeout)
	unlessZero(&to.MaxEventBytes, config.MaxEventBytes)
	unlessZero(&to.MaxBatchBytes, config.MaxBatchBytes)
	unlessZero(&to.MaxSpoolEvents, config.MaxSpoolEvents)
	unlessZero(&to.MaxSpoolBytes, config.MaxSpoolBytes)
	unlessZero(&to.MaxSpoolAge, config.MaxSpoolAge)

	unlessNil(&to.FlushInterval, config.FlushInterval)
	unlessNil(&to.MaxRetries, config.MaxRetries)
	unlessNil(&to.MaxMemoryEvents, config.MaxMemoryEvents)
	unlessNil(&to.Background, config.Background)
	unlessNil(&to.Enrich, config.Enrich)
	unlessNil(&to.DisableGeoIP, config.DisableGeoIP)
	unlessNil(&to.ReportLosses, config.ReportLosses)
	unlessNil(&to.KeepSent, config.KeepSent)
	unlessNil(&to.DefaultConsent, config.DefaultConsent)
	unlessNil(&to.RespectDoNotTrack, config.RespectDoNotTrack)

	e := newEncoder()
	defer e.free()
	if status := e.props(config.SuperProperties); status != OK {
		return to, fmt.Errorf("overt: super_properties: %s", statusText(status))
	}
	to.SuperProperties = slices.Clone(e.out)
	return to, nil
}

func unlessZero[T comparable](option *T, given T) {
	if none := *new(T); given != none {
		*option = given
	}
}

func unlessNil[T any](option *T, given *T) {
	if given != nil {
		*option = *given
	}
}

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
	return record(c, &pure.Event{
		Name: event.Name, Properties: e.out, DistinctID: event.DistinctID, UUID: event.UUID,
		Timestamp: event.Timestamp, Force: event.Force,
		Options: pure.Options{
			ProcessPersonProfile:  event.Options.ProcessPersonProfile,
			CookielessMode:        event.Options.CookielessMode,
			DisableSkewCorrection: event.Options.DisableSkewCorrection,
			ProductTourID:         unlessEmpty(event.Options.ProductTourID),
			SessionID:             unlessEmpty(event.Options.SessionID),
			WindowID:              unlessEmpty(event.Options.WindowID),
		},
	})
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func flush(c *Client, wait time.Duration) Status {
	if c.native == nil {
		return OK
	}
	return Status(c.native.Flush(wait))
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
