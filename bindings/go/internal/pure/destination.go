package pure

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// A destination is where events go, and how.
type destination struct {
	Wire                string      `json:"wire"`
	Endpoint            string      `json:"endpoint"`
	APIKey              string      `json:"api_key"`
	Compression         string      `json:"compression"`
	HistoricalMigration bool        `json:"historical_migration"`
	ExtraHeaders        [][2]string `json:"extra_headers"`
	Ack                 string      `json:"ack"`
}

// stored is what a later process must know to deliver, or to explain, what this one left: destination.json.
type stored struct {
	Destination       destination `json:"destination"`
	AllowPlainHTTP    bool        `json:"allow_plain_http"`
	AppVersion        string      `json:"app_version"`
	ResponseWaitMs    int64       `json:"response_wait_ms"`
	ClientIDPath      *string     `json:"client_id_path"`
	ClientIDKey       string      `json:"client_id_key"`
	CountersPath      *string     `json:"counters_path"`
	CountersEndpoint  string      `json:"counters_endpoint"`
	CountersInterval  *int64      `json:"counters_interval_ms"`
	MaxBatchBytes     int         `json:"max_batch_bytes"`
	MaxSpoolAgeMs     int64       `json:"max_spool_age_ms"`
	KeepSent          bool        `json:"keep_sent"`
	ConsentEnv        []string    `json:"consent_env"`
	ConsentPath       *string     `json:"consent_path"`
	ConsentKey        string      `json:"consent_key"`
	DefaultConsent    bool        `json:"default_consent"`
	RespectDoNotTrack bool        `json:"respect_do_not_track"`
	InCI              bool        `json:"in_ci"`
}

func storedOf(config *Config, to destination) *stored {
	s := &stored{
		// What only the core has: its defaults, so that both kinds store the same.
		ResponseWaitMs: 100,
		Destination:    to, AllowPlainHTTP: config.AllowPlainHTTP, AppVersion: config.AppVersion,
		MaxBatchBytes: config.MaxBatchBytes, MaxSpoolAgeMs: config.MaxSpoolAge.Milliseconds(), KeepSent: config.KeepSent,
		ConsentEnv: append([]string{}, config.ConsentEnv...), DefaultConsent: config.DefaultConsent,
		RespectDoNotTrack: config.RespectDoNotTrack, InCI: config.InCI, CountersEndpoint: config.CountersEndpoint,
		ClientIDPath: absolute(config.ClientIDPath), CountersPath: absolute(config.CountersPath),
	}
	if ms := config.CountersInterval.Milliseconds(); config.CountersInterval >= 0 {
		s.CountersInterval = &ms
	}
	return s
}

// absolute: a later process may run in another directory.
func absolute(path string) *string {
	whole, err := filepath.Abs(path)
	if path == "" || err != nil {
		return nil
	}
	return &whole
}

// keep stores it in a spool, which is made now if there is none. Refused if that spool is another destination's, which
// would get these events.
func (s *stored) keep(dir string) error {
	for _, made := range []string{filepath.Dir(dir), dir} {
		if err := system.MakePrivateDir(made); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, "destination.json")
	var other struct{ Destination *destination }
	present, _ := system.Read(path)
	if json.Unmarshal(present, &other) == nil && other.Destination != nil {
		ours, theirs := s.Destination, *other.Destination
		if ours.Wire != theirs.Wire || ours.Endpoint != theirs.Endpoint || ours.APIKey != theirs.APIKey {
			return errors.New("the spool belongs to another destination")
		}
	}
	text := spool.Pretty(s)
	if bytes.Equal(text, present) {
		return nil
	}
	return system.Replace(path, text)
}
