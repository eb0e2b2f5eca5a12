package overt_test

import (
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestAnOptionThatCannotBeUsedIsNamed(t *testing.T) {
	for _, refused := range []struct {
		name string
		set  func(*overt.Config)
	}{
		{"app", func(c *overt.Config) { c.App = "" }},
		{"app", func(c *overt.Config) { c.App = "../x" }},
		{"app_version", func(c *overt.Config) { c.AppVersion = "\xff" }},
		{"api_key", func(c *overt.Config) { c.APIKey = "phx_personal" }},
		{"endpoint", func(c *overt.Config) { c.Endpoint = "http://example.com" }},
		{"wire", func(c *overt.Config) { c.Wire = "smoke" }},
		{"compression", func(c *overt.Config) { c.Compression = "zip" }},
		{"ack", func(c *overt.Config) { c.Ack = "hope" }},
		{"ack", func(c *overt.Config) { c.Ack = "write" }},
		{"response_wait", func(c *overt.Config) { c.ResponseWait = overt.Duration(-1) }},
		{"client_id_key", func(c *overt.Config) { c.ClientIDKey = "id" }},
		{"consent_path and consent_key", func(c *overt.Config) { c.ConsentKey = "choice" }},
		{"consent_path and consent_key", func(c *overt.Config) { c.ConsentPath = "file" }},
		{"extra_headers", func(c *overt.Config) { c.ExtraHeaders = map[string]string{"A": "b\r\nC: d"} }},
		{"flush_at", func(c *overt.Config) { c.FlushAt = -1 }},
		{"flush_at", func(c *overt.Config) { c.FlushAt = math.MaxInt }},
		{"flush_interval", func(c *overt.Config) { c.FlushInterval = overt.Duration(-1) }},
		{"max_retries", func(c *overt.Config) { c.MaxRetries = overt.Int(-1) }},
		{"timeout", func(c *overt.Config) { c.Timeout = -time.Second }},
		{"connect_timeout", func(c *overt.Config) { c.ConnectTimeout = -1 }},
		{"exit_timeout", func(c *overt.Config) { c.ExitTimeout = -1 }},
		{"max_event_bytes", func(c *overt.Config) { c.MaxEventBytes = 1 }},
		{"max_event_bytes", func(c *overt.Config) { c.MaxEventBytes = -1 }},
		{"max_batch_bytes", func(c *overt.Config) { c.MaxBatchBytes = 1 << 30 }},
		{"max_spool_events", func(c *overt.Config) { c.MaxSpoolEvents = -1 }},
		{"max_spool_bytes", func(c *overt.Config) { c.MaxSpoolBytes = -1 }},
		{"max_spool_age", func(c *overt.Config) { c.MaxSpoolAge = -1 }},
		{"max_memory_events", func(c *overt.Config) { c.MaxMemoryEvents = overt.Int(-1) }},
		{"super_properties", func(c *overt.Config) { c.SuperProperties = overt.Props{"a": strings.Repeat("x", 2<<20)} }},
		{"consent_env", func(c *overt.Config) { c.ConsentEnv = []string{"A", "=1"} }},
		{"consent", func(c *overt.Config) { c.Consent = overt.Bool(true); c.ConsentFunc = func() bool { return true } }},
	} {
		config := serve(t).config(t)
		refused.set(&config)
		client, err := overt.New(config)
		if err == nil || !strings.HasPrefix(err.Error(), "overt: "+refused.name+": ") {
			t.Errorf("%s: the error is %v", refused.name, err)
		}
		if client != nil {
			t.Errorf("%s: there is a client", refused.name)
		}
		if left := files(t, config.StateDir); len(left) > 0 {
			t.Errorf("%s: there is %v", refused.name, left)
		}
	}
}

// sentWith gives the request that a client makes with an option.
func sentWith(t *testing.T, set func(*overt.Config)) request {
	t.Helper()
	server := serve(t)
	config := server.config(t)
	set(&config)
	client := open(t, config)
	record(t, client, "one", overt.Props{"own": 1})
	flush(t, client)
	return server.requests()[0]
}

func TestOptionsChangeWhatIsSent(t *testing.T) {
	property := func(name string) func(request) any {
		return func(r request) any { return r.body.Batch[0].Properties[name] }
	}
	header := func(name string) func(request) any { return func(r request) any { return r.header.Get(name) } }
	for _, option := range []struct {
		name     string
		look     func(request) any
		unset    any
		set      func(*overt.Config)
		afterSet any
	}{
		{"AppVersion", property("$app_version"), "1.2.3", func(c *overt.Config) { c.AppVersion = "" }, nil},
		{"App", property("$app_name"), "scenario", func(c *overt.Config) { c.App = "other" }, "other"},
		{"Compression", header("Content-Encoding"), "", func(c *overt.Config) { c.Compression = "gzip" }, "gzip"},
		{"ExtraHeaders", header("X-Team"), "", func(c *overt.Config) { c.ExtraHeaders = map[string]string{"X-Team": "a"} }, "a"},
		{"Enrich", property("$os"), "Linux", func(c *overt.Config) { c.Enrich = overt.Bool(false) }, nil},
		{"DisableGeoIP", property("$geoip_disable"), true, func(c *overt.Config) { c.DisableGeoIP = overt.Bool(false) }, nil},
		{"PersonProfiles", property("$process_person_profile"), false, func(c *overt.Config) { c.PersonProfiles = true }, nil},
		{"SuperProperties", property("plan"), nil, func(c *overt.Config) { c.SuperProperties = overt.Props{"plan": "x"} }, "x"},
		{
			"HistoricalMigration", func(r request) any { return r.body.HistoricalMigration },
			false, func(c *overt.Config) { c.HistoricalMigration = true }, true,
		},
	} {
		if unset := option.look(sentWith(t, func(*overt.Config) {})); unset != option.unset && unset != "Mac OS X" && unset != "Windows" {
			t.Errorf("%s unset: %v", option.name, unset)
		}
		equal(t, option.name, option.look(sentWith(t, option.set)), option.afterSet)
	}
}

func TestLimitsAreLimits(t *testing.T) {
	for name, limit := range map[overt.LossReason]func(*overt.Config){
		overt.LossSpoolFull: func(c *overt.Config) { c.MaxSpoolEvents = 1 },
		"spool_full ":       func(c *overt.Config) { c.MaxSpoolBytes = 600 },
		overt.LossMemoryFull: func(c *overt.Config) {
			c.MaxMemoryEvents, c.ClientIDPath = overt.Int(1), c.StateDir+"/id"
			c.StateDir += "/file"
			if err := os.WriteFile(c.StateDir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		config := serve(t).config(t)
		limit(&config)
		client := open(t, config)
		record(t, client, "one", nil)
		equal(t, string(name), client.CaptureEvent("two", nil).Status, overt.Dropped)
		reason := overt.LossReason(strings.TrimSpace(string(name)))
		equal(t, string(name), client.Losses()[reason], 1)
	}
}

func TestWhatWasSentIsKeptUnlessTheToolSaysOtherwise(t *testing.T) {
	for kept, option := range map[int]*bool{1: nil, 0: overt.Bool(false)} {
		config := serve(t).config(t)
		config.KeepSent = option
		client := open(t, config)
		record(t, client, "one", nil)
		flush(t, client)
		equal(t, "sent", len(client.Sent()), kept)
	}
}

func TestOptionsThatOnlyNeedToBeTaken(t *testing.T) {
	config := serve(t).config(t)
	config.Endpoint, config.AllowPlainHTTP = "http://example.com", true
	config.Wire, config.Compression = "posthog", "none"
	config.Timeout, config.ConnectTimeout, config.MaxSpoolAge = time.Nanosecond, time.Nanosecond, time.Hour
	config.MaxEventBytes, config.MaxBatchBytes, config.NoticeAnywhere = 1024, 4096, true
	equal(t, "consent", open(t, config).Consent().Enabled, true)
}

// header finds all matches in overt.h.
func header(t *testing.T, pattern string) [][]string {
	t.Helper()
	text, err := os.ReadFile("../../include/overt.h")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1)
	if len(found) == 0 {
		t.Fatalf("%s is not in overt.h", pattern)
	}
	return found
}

// notCalled are the functions of overt.h that this package has no use for: it writes properties as JSON.
var notCalled = map[string]bool{
	"overt_event_set_str": true, "overt_event_set_int": true, "overt_event_set_double": true,
	"overt_event_set_bool": true, "overt_event_set_null": true, "overt_event_begin_object": true,
	"overt_event_end_object": true,
}

func TestEachFunctionOfTheHeaderIsCalled(t *testing.T) {
	source, err := os.ReadFile("cgo.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, function := range header(t, `(?m)^[a-z].*?\b(overt_[a-z0-9_]+)\(`) {
		called := regexp.MustCompile(`\b` + function[1] + `\(`).Match(source)
		if called == notCalled[function[1]] {
			t.Errorf("%s: called is %t", function[1], called)
		}
	}
}

func TestStatusesAndReasonsAreThoseOfTheHeader(t *testing.T) {
	sources := ""
	for _, file := range []string{"status.go", "consent.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources += string(source)
	}
	flat := func(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
	ours := map[string]string{}
	for _, constant := range regexp.MustCompile(`(?m)^\t(\w+)\s+\w+ = "?([^"\n]+)`).FindAllStringSubmatch(sources, -1) {
		ours[flat(constant[1])] = constant[2]
	}
	for _, value := range header(t, `(?m)^  OVERT_([A-Z0-9_]+) = (-?\d+),`) {
		name, want := value[1], value[2]
		if reason, found := strings.CutPrefix(name, "REASON_"); found {
			want = strings.ToLower(reason)
		}
		if got := ours[flat(name)]; got != want {
			t.Errorf("OVERT_%s is %q here, %q there", name, got, want)
		}
		delete(ours, flat(name))
	}
	if len(ours) > 0 {
		t.Errorf("not in overt.h: %v", ours)
	}
}

func TestLossesAndNumbersHaveTheWordsOfTheHeader(t *testing.T) {
	source, err := os.ReadFile("overt.go")
	if err != nil {
		t.Fatal(err)
	}
	for comment, pattern := range map[string]string{
		`(?s)a number for each reason that occurred: (.*?)\.\n`:   `LossReason = "(\w+)"`,
		`(?s)a JSON object with the numbers (.*?), and with "sto`: `uint64 .json:"(\w+)"`,
	} {
		var ours, theirs []string
		for _, word := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(source), -1) {
			ours = append(ours, word[1])
		}
		for _, word := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(header(t, comment)[0][1], -1) {
			theirs = append(theirs, word[1])
		}
		equal(t, comment, strings.Join(ours, " "), strings.Join(theirs, " "))
	}
}
