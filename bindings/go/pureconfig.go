//go:build !cgo || overt_both

package overt

import (
	"fmt"
	"maps"
	"slices"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure"
)

// What internal/pure is told, in its words. With the tag overt_both, which is for tests, the core and internal/pure are in
// one program.

// openPure refuses what internal/pure deliberately lacks; doc.go lists it.
func openPure(config *Config) (*pure.Client, error) {
	for _, lacking := range []struct {
		name string
		set  bool
	}{
		{"detached_upload", config.DetachedUpload},
		{"ack", config.Ack != "" && config.Ack != "status"},
		{"response_wait", config.ResponseWait != nil},
		{"client_id_key", config.ClientIDKey != ""},
		{"consent_path and consent_key", config.ConsentPath != "" || config.ConsentKey != ""},
	} {
		if lacking.set {
			return nil, fmt.Errorf("overt: %s: needs cgo", lacking.name)
		}
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
	to.CountersPath, to.CountersEndpoint = config.CountersPath, config.CountersEndpoint
	to.InCI, to.Notice, to.SendBeforeNotice = config.InCI, config.Notice, config.SendBeforeNotice
	to.NoticeAnywhere = config.NoticeAnywhere
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
	unlessZero(&to.ExitTimeout, config.ExitTimeout)
	unlessZero(&to.MaxEventBytes, config.MaxEventBytes)
	unlessZero(&to.MaxBatchBytes, config.MaxBatchBytes)
	unlessZero(&to.MaxSpoolEvents, config.MaxSpoolEvents)
	unlessZero(&to.MaxSpoolBytes, config.MaxSpoolBytes)
	unlessZero(&to.MaxSpoolAge, config.MaxSpoolAge)

	unlessNil(&to.FlushInterval, config.FlushInterval)
	unlessNil(&to.CountersInterval, config.CountersInterval)
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

func pureEvent(event *Event, properties []byte) *pure.Event {
	return &pure.Event{
		Name: event.Name, Properties: properties, DistinctID: event.DistinctID, UUID: event.UUID,
		Timestamp: event.Timestamp, Force: event.Force,
		Options: pure.Options{
			ProcessPersonProfile:  event.Options.ProcessPersonProfile,
			CookielessMode:        event.Options.CookielessMode,
			DisableSkewCorrection: event.Options.DisableSkewCorrection,
			ProductTourID:         unlessEmpty(event.Options.ProductTourID),
			SessionID:             unlessEmpty(event.Options.SessionID),
			WindowID:              unlessEmpty(event.Options.WindowID),
		},
	}
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
