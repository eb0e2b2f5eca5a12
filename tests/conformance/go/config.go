package main

import (
	"encoding/json"
	"fmt"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// initRequest is the body of /init.
type initRequest struct {
	APIKey              string            `json:"api_key"`
	Host                string            `json:"host"`
	Wire                string            `json:"wire"`
	Ack                 string            `json:"ack"`
	ResponseWaitMs      *int64            `json:"response_wait_ms"`
	ClientIDPath        string            `json:"client_id_path"`
	ClientIDKey         string            `json:"client_id_key"`
	Consent             *bool             `json:"consent"`
	ConsentPath         string            `json:"consent_path"`
	ConsentKey          string            `json:"consent_key"`
	FlushAt             int               `json:"flush_at"`
	FlushIntervalMs     *int64            `json:"flush_interval_ms"`
	MaxRetries          *int              `json:"max_retries"`
	EnableCompression   bool              `json:"enable_compression"`
	Compression         string            `json:"compression"`
	ReportLosses        *bool             `json:"report_losses"`
	DisableGeoIP        *bool             `json:"disable_geoip"`
	PersonProfiles      bool              `json:"person_profiles"`
	HistoricalMigration bool              `json:"historical_migration"`
	SuperProperties     json.RawMessage   `json:"super_properties"`
	ExtraHeaders        map[string]string `json:"extra_headers"`
	MaxEventBytes       int               `json:"max_event_bytes"`
	MaxBatchBytes       int               `json:"max_batch_bytes"`
	TimeoutMs           int64             `json:"timeout_ms"`
	BeforeSend          string            `json:"before_send"`
	AppVersion          *string           `json:"app_version"`
	CountersPath        string            `json:"counters_path"`
	CountersEndpoint    string            `json:"counters_endpoint"`
	CountersIntervalMs  *int64            `json:"counters_interval_ms"`
	StateDir            string            `json:"state_dir"`
}

func (r *initRequest) config() (overt.Config, error) {
	config := overt.Config{
		App:                 "conformance",
		AppVersion:          "1.2.3",
		APIKey:              r.APIKey,
		Endpoint:            r.Host,
		Wire:                r.Wire,
		Compression:         r.Compression,
		Ack:                 r.Ack,
		ClientIDPath:        r.ClientIDPath,
		ClientIDKey:         r.ClientIDKey,
		Consent:             r.Consent,
		ConsentPath:         r.ConsentPath,
		ConsentKey:          r.ConsentKey,
		FlushAt:             r.FlushAt,
		MaxRetries:          r.MaxRetries,
		ReportLosses:        r.ReportLosses,
		DisableGeoIP:        r.DisableGeoIP,
		PersonProfiles:      r.PersonProfiles,
		HistoricalMigration: r.HistoricalMigration,
		ExtraHeaders:        r.ExtraHeaders,
		MaxEventBytes:       r.MaxEventBytes,
		MaxBatchBytes:       r.MaxBatchBytes,
		Timeout:             time.Duration(r.TimeoutMs) * time.Millisecond,
		CountersPath:        r.CountersPath,
		CountersEndpoint:    r.CountersEndpoint,
		StateDir:            r.StateDir,
	}
	if r.AppVersion != nil {
		config.AppVersion = *r.AppVersion
	}
	if err := decode(r.SuperProperties, &config.SuperProperties, false); err != nil {
		return config, fmt.Errorf("super_properties: %w", err)
	}
	if r.EnableCompression && r.Compression == "" {
		config.Compression = "gzip"
	}
	if r.FlushIntervalMs != nil {
		config.FlushInterval = overt.Duration(time.Duration(*r.FlushIntervalMs) * time.Millisecond)
	}
	if r.ResponseWaitMs != nil {
		config.ResponseWait = overt.Duration(time.Duration(*r.ResponseWaitMs) * time.Millisecond)
	}
	if r.CountersIntervalMs != nil {
		config.CountersInterval = overt.Duration(time.Duration(*r.CountersIntervalMs) * time.Millisecond)
	}
	switch r.BeforeSend {
	case "":
	case "keep":
		config.BeforeSend = func(event json.RawMessage) json.RawMessage { return event }
	case "drop":
		config.BeforeSend = func(json.RawMessage) json.RawMessage { return nil }
	case "mark":
		config.BeforeSend = mark
	default:
		return config, fmt.Errorf("before_send: %q is not known", r.BeforeSend)
	}
	return config, nil
}

// mark adds a property; the digits of all others stay as they are.
func mark(event json.RawMessage) json.RawMessage {
	var members, properties map[string]json.RawMessage
	if json.Unmarshal(event, &members) != nil || json.Unmarshal(members["properties"], &properties) != nil {
		return nil
	}
	properties["marked"] = json.RawMessage("true")
	members["properties"] = encode(properties)
	return encode(members)
}

func encode(members map[string]json.RawMessage) json.RawMessage {
	text, err := json.Marshal(members)
	if err != nil {
		return nil // which drops the event; of members that were just read it cannot be
	}
	return text
}
