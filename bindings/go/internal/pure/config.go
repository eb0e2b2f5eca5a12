package pure

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Config holds the options of a client, as those of overt.Config; [Defaults] gives what holds for one that is left out.
type Config struct {
	App, AppVersion      string
	APIKey, Endpoint     string
	AllowPlainHTTP       bool
	Wire, Compression    string
	ExtraHeaders         [][2]string // names and values, sorted
	FlushAt, MaxRetries  int
	FlushInterval        time.Duration
	Timeout              time.Duration
	ConnectTimeout       time.Duration
	ExitTimeout          time.Duration
	Background           bool
	MaxEventBytes        int
	MaxBatchBytes        int
	MaxSpoolEvents       int
	MaxSpoolBytes        int
	MaxSpoolAge          time.Duration
	MaxMemoryEvents      int
	SuperProperties      []byte // a JSON object, or nothing
	Enrich, DisableGeoIP bool
	PersonProfiles       bool
	HistoricalMigration  bool
	ReportLosses         bool
	BeforeSend           func(event []byte) []byte // nil drops it
	StateDir             string
	ClientIDPath         string
	CountersPath         string
	CountersEndpoint     string
	CountersInterval     time.Duration // negative: never
	KeepSent, Debug      bool
	Consent              *bool
	ConsentFunc          func() bool
	ConsentEnv           []string
	DefaultConsent       bool
	RespectDoNotTrack    bool
	InCI                 bool
	Notice               string
	SendBeforeNotice     bool
	NoticeAnywhere       bool
}

const (
	kib = 1 << 10
	day = 24 * time.Hour
	// A body of one event must hold the largest event and the envelope around it.
	maxEventBytesLimit = 900 * kib
	maxBatchBytesLimit = 5 * kib * kib
	envelopeBytes      = kib
)

// Defaults are the core's.
func Defaults() Config {
	return Config{
		Wire: wireName, Compression: "none",
		FlushAt: 100, MaxRetries: 3, FlushInterval: 5 * time.Second,
		Timeout: 10 * time.Second, ConnectTimeout: 5 * time.Second, Background: true,
		MaxEventBytes: 32 * kib, MaxBatchBytes: 512 * kib,
		MaxSpoolEvents: 10_000, MaxSpoolBytes: 8 * kib * kib, MaxSpoolAge: 30 * day, MaxMemoryEvents: 1_000,
		CountersInterval: time.Hour,
		Enrich:           true, DisableGeoIP: true, ReportLosses: true, KeepSent: true,
		DefaultConsent: true, RespectDoNotTrack: true,
	}
}

// check refuses what cannot work, naming the option and its limit.
func (c *Config) check() error {
	nameByte := func(r rune) bool { return r < 0x80 && (isAlphanumeric(byte(r)) || strings.ContainsRune(".-_", r)) }
	if c.App == "" || len(c.App) > 64 || c.App[0] == '.' || strings.TrimFunc(c.App, nameByte) != "" {
		return errors.New("app: 1 to 64 letters, digits, '.', '-' and '_' are allowed, and no leading '.'")
	}
	for name, text := range map[string]string{
		"app_version": c.AppVersion, "api_key": c.APIKey, "endpoint": c.Endpoint, "state_dir": c.StateDir,
		"client_id_path": c.ClientIDPath, "notice": c.Notice, "counters_path": c.CountersPath,
	} {
		if !utf8.ValidString(text) {
			return fmt.Errorf("%s: not UTF-8", name)
		}
	}
	switch c.Wire {
	case wireName:
	case "posthog-v1", "aws-sam":
		return fmt.Errorf("wire: %s needs cgo; without it there is posthog", c.Wire)
	default:
		return fmt.Errorf("wire: %q is not known; there are: posthog, and with cgo posthog-v1 and aws-sam", c.Wire)
	}
	switch c.Compression {
	case "none", "gzip":
	case "deflate", "zstd":
		return fmt.Errorf("compression: %s needs wire = posthog-v1, and that needs cgo", c.Compression)
	default:
		return fmt.Errorf("compression: %q is not known; there are: none, gzip", c.Compression)
	}
	for _, size := range []struct {
		name         string
		value, limit int
	}{{"max_event_bytes", c.MaxEventBytes, maxEventBytesLimit}, {"max_batch_bytes", c.MaxBatchBytes, maxBatchBytesLimit}} {
		if size.value < kib || size.value > size.limit {
			return fmt.Errorf("%s: must lie between 1024 and %d", size.name, size.limit)
		}
	}
	if c.FlushAt == 0 {
		return errors.New("flush_at: must be at least 1")
	}
	if c.CountersPath != "" && c.ClientIDPath != "" {
		return errors.New("client_id_path: with counters_path the client ID is in that file")
	}
	if c.CountersEndpoint != "" {
		if err := checkEndpoint(c.CountersEndpoint, c.AllowPlainHTTP); err != nil {
			return fmt.Errorf("counters_%w", err)
		}
	}
	if c.MaxBatchBytes < c.MaxEventBytes+envelopeBytes {
		return errors.New("max_batch_bytes: must exceed max_event_bytes by 1024 or more")
	}
	if len(c.APIKey) > 64 || strings.ContainsFunc(c.APIKey, notVisible) {
		return errors.New("api_key: a key has 1 to 64 visible ASCII characters")
	}
	if strings.HasPrefix(c.APIKey, "phx_") {
		return errors.New("api_key: this is a personal key (phx_…), which is secret; use the project's (phc_…)")
	}
	for _, variable := range c.ConsentEnv {
		name, _, _ := strings.Cut(variable, "=")
		if name == "" || strings.ContainsAny(name, "\x00 \t\n\r\f") {
			return errors.New("consent_env: a variable needs a name without white space")
		}
	}
	for _, header := range c.ExtraHeaders {
		if err := checkHeader(header[0], header[1]); err != nil {
			return err
		}
	}
	return checkEndpoint(c.Endpoint, c.AllowPlainHTTP)
}

// ownHeaders are set by overt itself, or belong to HTTP.
const ownHeaders = " connection content-encoding content-length content-type host transfer-encoding user-agent "

func checkHeader(name, value string) error {
	token := func(r rune) bool {
		return r < 0x80 && (isAlphanumeric(byte(r)) || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	}
	plain := func(r rune) bool { return r == '\t' || ' ' <= r && r < 0x7f }
	if name == "" || strings.TrimFunc(name, token) != "" || strings.TrimFunc(value, plain) != "" {
		return errors.New("extra_headers: a name or value holds a character that HTTP does not allow")
	}
	if strings.Contains(ownHeaders, " "+strings.ToLower(name)+" ") {
		return fmt.Errorf("extra_headers: %s is set by overt itself", name)
	}
	return nil
}

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

func notVisible(r rune) bool { return r <= ' ' || r > '~' }

// endpoint is the canonical form of an endpoint: PostHog's web application stands for the host that takes events.
func endpoint(given string) string {
	bare := strings.TrimRight(strings.TrimSpace(given), "/")
	switch bare {
	case "", "https://app.posthog.com", "https://us.posthog.com":
		return "https://us.i.posthog.com"
	case "https://eu.posthog.com":
		return "https://eu.i.posthog.com"
	}
	return bare
}

// checkEndpoint refuses an endpoint that cannot be used, or where others could read on the way.
func checkEndpoint(endpoint string, allowPlainHTTP bool) error {
	refuse := func(why string) error { return errors.New("endpoint: " + why) }
	if strings.ContainsFunc(endpoint, notVisible) {
		return refuse("only visible ASCII is allowed; write a host in its xn-- form, and %20 for a space")
	}
	plain := strings.HasPrefix(endpoint, "http://")
	if !plain && !strings.HasPrefix(endpoint, "https://") {
		return refuse("the scheme must be https, or http to loopback")
	}
	at, err := url.Parse(endpoint)
	if err == nil && at.Port() != "" {
		var port uint64
		if port, err = strconv.ParseUint(at.Port(), 10, 16); port == 0 {
			err = errors.New("0")
		}
	}
	switch {
	case err != nil || at.Hostname() == "" || strings.HasSuffix(at.Host, ":"):
		return refuse("a URL such as https://host or https://host:port is needed")
	case at.User != nil:
		return refuse("credentials do not belong into a URL; use extra_headers")
	case strings.Contains(endpoint, "#"):
		return refuse("a fragment (#…) is never sent")
	case plain && !allowPlainHTTP && !isLoopback(at.Hostname()):
		return refuse("plain http is allowed to loopback only, unless allow_plain_http is set")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return isWord(host, "localhost") || err == nil && address.IsLoopback()
}
