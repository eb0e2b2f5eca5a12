//go:build cgo && overt_both

package overt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
)

// Both back ends in one program, on one state directory: what one writes is held to what the other does.

func bothConfig(tb testing.TB) Config {
	return Config{
		App: "both", AppVersion: "1.2.3", APIKey: "phc_test", Endpoint: "http://127.0.0.1:9", StateDir: tb.TempDir(),
		InCI: true, Background: Bool(false),
	}
}

func openBoth(t *testing.T, config Config) (*Client, *pure.Client) {
	t.Helper()
	core, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := openPure(&config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { core.Close(); client.Free() })
	return core, client
}

func capturePure(client *pure.Client, event *Event) (identity.UUID, Status) {
	e := newEncoder()
	defer e.free()
	if status := e.props(event.Props); status != OK {
		return identity.UUID{}, status
	}
	uuid, status := client.Capture(pureEvent(event, e.out))
	return uuid, Status(status)
}

const someUUID = "0198b0b5-7c25-7000-8000-0123456789ab"

// vectors are events of one property each where there are some, because Go's maps have no order.
func vectors() []Event {
	at := time.Date(2026, 11, 20, 20, 10, 36, 493_318_999, time.FixedZone("", 2*3600))
	events := []Event{
		{Name: "plain"}, {Name: "quotes \" \\ \n\t\x01\x7f é 🦊 \u2028 <&>"}, {Name: ""}, {Name: " \t"}, {Name: "\xff"},
		{Name: strings.Repeat("x", 200)}, {Name: strings.Repeat("x", 201)}, {Name: "forced", Force: true},
		{Name: "e", DistinctID: "somebody"}, {Name: "e", DistinctID: "Zoë 🦊"}, {Name: "e", DistinctID: "a \"b\" \\c"},
		{Name: "e", DistinctID: " \t"}, {Name: "e", DistinctID: "\xff"}, {Name: "e", DistinctID: strings.Repeat("x", 201)},
		{Name: "e", Timestamp: at}, {Name: "e", Timestamp: at.Truncate(time.Second)}, {Name: "e", Timestamp: time.Unix(-1, 999_999_000)},
		{Name: "e", Timestamp: time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)}, {Name: "e", Timestamp: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)},
		{Name: "e", Timestamp: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, {Name: "e", Timestamp: time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC)},
		{Name: "e", Timestamp: time.Date(1, 1, 1, 0, 0, 0, 1, time.FixedZone("", 3600))},
		{Name: "e", Options: Options{ProcessPersonProfile: Bool(true), CookielessMode: Bool(false), DisableSkewCorrection: Bool(true)}},
		{Name: "e", Options: Options{ProductTourID: "t", SessionID: "s\"", WindowID: "w"}, Props: Props{"$session_id": "own"}},
		{Name: "e", Options: Options{SessionID: "\xff"}},
	}
	for _, id := range []string{
		"0", "[object object]", "anonymous", "Guest", "null", " NONE ", "nan", "undefined", "true", "false", "id", "email", "user",
		"system", "backend", "distinct_id", "not_authenticated", "00000000-0000-0000-0000-000000000000",
		"{00000000-0000-0000-0000-000000000000}", "nobody", "user_17", "17",
	} {
		events = append(events, Event{Name: "e", DistinctID: id})
	}
	for _, uuid := range []string{
		someUUID, strings.ToUpper(someUUID), strings.ReplaceAll(someUUID, "-", ""), "{" + someUUID + "}", "urn:uuid:" + someUUID,
		" " + someUUID + "\n", "{" + someUUID, someUUID + "}", "URN:UUID:" + someUUID, someUUID[1:], someUUID + "0", "seven",
		"00000000-0000-0000-0000-000000000000", "0198b0b57-c25-7000-8000-0123456789ab", strings.Replace(someUUID, "a", "g", 1),
		"{" + strings.ReplaceAll(someUUID, "-", "") + "}",
	} {
		events = append(events, Event{Name: "e", UUID: uuid})
	}
	deeper := json.RawMessage(strings.Repeat("[", 32) + strings.Repeat("]", 32))
	events = append(events, Event{Name: "e", Props: Props{"deeper": deeper}})
	for key, value := range map[string]any{
		"": 1, "a\"b\\": "c", "bad \xff key": nil, "$lib": "forged", "$lib_version": 9, "$geoip_disable": false, "$os": "mine",
		"$process_person_profile": true, "$app_name": "other", "plan": "own", "é": "x", "nested": map[string]any{"$lib": []any{1, 2.5, nil}},
		"n": 1e21, "nan": math.NaN(), "big": json.Number("123456789012345678901234567890"), "raw": json.RawMessage(` {"a" : [ 1 , 2 ]} `),
		"huge": json.RawMessage("[1e999]"), "small": json.RawMessage("[1e-999,-0]"), "lone": json.RawMessage(`"\ud800"`),
		"low": json.RawMessage(`"\udc00"`), "odd": json.RawMessage(`"\ud800\u0041"`), "paired": json.RawMessage(`"\ud83e\udd80 \\ud800"`),
		"escaped": json.RawMessage(`{"\u0024x":"\/\b\f"}`), "deep": json.RawMessage(strings.Repeat("[", 33) + strings.Repeat("]", 33)),
		"deepest": json.RawMessage(strings.Repeat("[", 31) + strings.Repeat("]", 31)),
		"long":    json.RawMessage(strings.Repeat("9", 310)), "large": strings.Repeat("x", 40_000),
	} {
		events = append(events, Event{Name: "e", Props: Props{key: value}})
		events = append(events, Event{Name: "e", Props: Props{key: value}, DistinctID: "d", Options: Options{ProcessPersonProfile: Bool(false)}})
	}
	return events
}

func TestEachEventHasTheSameLineAndTheSameStatusInBoth(t *testing.T) {
	for what, set := range map[string]func(*Config){
		"defaults": func(*Config) {},
		"little": func(c *Config) {
			c.Enrich, c.DisableGeoIP, c.PersonProfiles, c.AppVersion = Bool(false), Bool(false), true, ""
		},
		"properties": func(c *Config) {
			c.SuperProperties = Props{"plan": "x", "$os": 1, "a": Props{"b": nil}, "$lib": "forged", "é": 1.5}
		},
		"in CI":     func(c *Config) { t.Setenv("GITHUB_ACTIONS", "true"); t.Setenv("AWS_EXECUTION_ENV", "x-AmazonQ") },
		"rewritten": func(c *Config) { c.BeforeSend = rewrite },
	} {
		config := bothConfig(t)
		set(&config)
		core, client := openBoth(t, config)
		for i, event := range vectors() {
			if !event.isPlain() && event.UUID == "" {
				event.UUID = someUUID
			}
			if !event.isPlain() && event.Timestamp.IsZero() {
				event.Timestamp = time.UnixMilli(1_795_198_236_493)
			}
			ours, theirs := Status(0), core.Capture(event)
			uuid, ours := capturePure(client, &event)
			high, low := uuid.Words()
			plain := event.isPlain() // then UUID and time are each one's own
			if ours != theirs.Status || ours == OK && !plain && (high != theirs.high || low != theirs.low) {
				t.Errorf("%s %d: %.200v: %v %v, the core says %v %s", what, i, event, ours, uuid, theirs.Status, theirs.UUID())
			}
			waiting := core.Pending()
			if client.Pending() != strings.Join(append(waiting, ""), "\n") {
				t.Errorf("%s: pending: %s", what, client.Pending())
			}
			for i := range waiting {
				if plain {
					waiting[i] = moment.ReplaceAllString(waiting[i], "")
				}
			}
			if ours == OK && (len(waiting) != 2 || waiting[0] != waiting[1]) {
				t.Errorf("%s: %.200v:\n%s", what, event, strings.Join(waiting, "\n"))
			}
			for _, path := range segmentsOf(t, config.StateDir) {
				if err := os.Truncate(path, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		os.Unsetenv("GITHUB_ACTIONS")
		os.Unsetenv("AWS_EXECUTION_ENV")
	}
}

// rewrite makes something else of an event, in each way that is allowed or not.
func rewrite(event json.RawMessage) json.RawMessage {
	change := func(from, to string) json.RawMessage {
		return bytes.Replace(event, []byte(from), []byte(to), 1)
	}
	switch sum := len(event) % 13; sum {
	case 0:
		return change(`"uuid":"0`, `"uuid":"1`)
	case 1:
		return change(`"timestamp":"`, ` "timestamp":"x`)
	case 2:
		return change(`Z","properties"`, `+02:00", "options":{"session_id":"lost","cookieless_mode":true},"session_id":"s","properties"`)
	case 3:
		return change(`{"uuid"`, `{"options":{"typo":1},"uuid"`)
	case 4:
		return change(`,"properties":{`, `,"properties":{"added" : [ 1 ],`)
	case 5:
		return change(`,"properties":{`, `,"properties":{"added":1e999,`)
	case 6:
		return change(`"event":"`, `"event":"","x":"`)
	case 7:
		return change(`"distinct_id":"`, `"distinct_id":"","x":"`)
	case 8:
		return json.RawMessage("[]")
	case 9:
		return nil
	case 10:
		return change(`"uuid":"`, `"uuid":"","x":"`)
	case 11:
		return json.RawMessage(`{"event":"e"}`)
	}
	return event
}

// moment is what two captures of one event cannot have in common: a UUID and a time in their canonical forms.
var moment = regexp.MustCompile(`^\{"uuid":"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",|` +
	`,"timestamp":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"`)

func segmentsOf(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "spool", "*", "*.v1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAllFilesOfAPureClientAreThoseOfTheCore(t *testing.T) {
	config := bothConfig(t)
	config.ConsentEnv, config.ExtraHeaders = []string{"ANY", "STRICT=1,2"}, map[string]string{"B": "<b>", "A": "é"[:0] + "a"}
	config.ClientIDPath = filepath.Join(t.TempDir(), "id")
	core, client := openBoth(t, config)
	core.CaptureEvent("one", nil)
	kept, err := filepath.Glob(filepath.Join(config.StateDir, "spool", "*", "destination.json"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	before, _ := os.Stat(kept[0])
	capturePure(client, &Event{Name: "two"})
	// The same destination has the same directory, and what lies there is the same byte for byte: it is not written anew.
	after, err := filepath.Glob(filepath.Join(config.StateDir, "spool", "*", "destination.json"))
	if err != nil || !slices.Equal(kept, after) {
		t.Fatal(after, err)
	}
	if now, _ := os.Stat(kept[0]); !os.SameFile(before, now) {
		t.Error("destination.json was written anew")
	}
	for _, storing := range []func() string{
		func() string { core.SetConsent(true); return "core" },
		func() string { client.SetConsent(true); return "pure" },
	} {
		who := storing()
		text, err := os.ReadFile(filepath.Join(config.StateDir, "consent"))
		if _, wrong := time.Parse("on 2006-01-02T15:04:05.000Z\n", string(text)); err != nil || wrong != nil {
			t.Errorf("%s stored %q (%v)", who, text, wrong)
		}
	}
	modes := map[string]os.FileMode{}
	err = filepath.WalkDir(config.StateDir, func(path string, entry os.DirEntry, err error) error {
		if info, _ := entry.Info(); err == nil && path != config.StateDir {
			modes[path] = info.Mode().Perm()
		}
		return err
	})
	for path, mode := range modes {
		if want := map[bool]os.FileMode{true: 0o700, false: 0o600}[filepath.Dir(path) == filepath.Join(config.StateDir, "spool") || filepath.Base(path) == "spool"]; err != nil || mode != want {
			t.Errorf("%s has mode %o, want %o (%v)", path, mode, want, err)
		}
	}
}

func TestBothDecideAboutConsentAlike(t *testing.T) {
	variables := func(name string, values ...string) []map[string]string {
		all := []map[string]string{{}}
		for _, value := range values {
			all = append(all, map[string]string{name: value})
		}
		return all
	}
	decided := map[string]int{}
	for _, tool := range variables("TOOL", "yes", "2", "") {
		for _, general := range variables("TELEMETRY_ENABLED", " TRUE ", "maybe") {
			for _, track := range variables("DO_NOT_TRACK", "1", "No", "") {
				for _, ci := range variables("CI", "1", "False") {
					environment := map[string]string{}
					for _, some := range []map[string]string{tool, general, track, ci} {
						maps.Copy(environment, some)
					}
					for name, value := range environment {
						t.Setenv(name, value)
					}
					compareConsent(t, environment, decided)
					for name := range environment {
						os.Unsetenv(name)
					}
				}
			}
		}
	}
	for _, reason := range []ConsentReason{
		ReasonToolVariable, ReasonTelemetryEnabled, ReasonDoNotTrack, ReasonHost, ReasonStored, ReasonUnreadable, ReasonCI,
		ReasonDefault, ReasonNoAPIKey, ReasonNoNotice,
	} {
		if decided[string(reason)] == 0 {
			t.Errorf("%s never decided", reason)
		}
	}
}

func compareConsent(t *testing.T, environment map[string]string, decided map[string]int) {
	t.Helper()
	dir, combination := t.TempDir(), len(environment)
	for _, stored := range []string{"", "on x\n", " off", "maybe", "directory"} {
		path := filepath.Join(dir, "consent")
		os.RemoveAll(path)
		if stored == "directory" {
			os.Mkdir(path, 0o700)
		} else if stored != "" {
			os.WriteFile(path, []byte(stored), 0o600)
		}
		for _, host := range []*bool{nil, Bool(true), Bool(false)} {
			for n := range 16 {
				combination++
				if combination%5 > 0 {
					continue // all meet all over the whole
				}
				config := Config{
					App: "both", APIKey: "phc_test", StateDir: dir, Background: Bool(false), Consent: host, ConsentEnv: []string{"TOOL", "STRICT=1"},
					DefaultConsent: Bool(n&1 == 0), InCI: n&2 == 0,
				}
				if n&4 == 0 {
					config.Notice = "this tool …"
				}
				if n&8 == 0 {
					config.ConsentEnv = []string{"TOOL=2,1"}
					config.RespectDoNotTrack = Bool(false)
				}
				if n == 0 {
					config.APIKey = " "
				}
				core, client := openBoth(t, config)
				theirs, ours := core.Consent(), client.Consent()
				if ours.Enabled != theirs.Enabled || ours.Reason != string(theirs.Reason) {
					t.Errorf("%v %q %v %d: %v, the core says %v", environment, stored, host, n, ours, theirs)
				}
				decided[ours.Reason]++
				_, forced := capturePure(client, &Event{Name: "", Force: true})
				if want := core.Capture(Event{Name: "", Force: true}).Status; forced != want {
					t.Errorf("%v %q %v %d: forced %v, the core says %v", environment, stored, host, n, forced, want)
				}
			}
		}
	}
}

func TestStatusesHaveTheSamePhrasesInBoth(t *testing.T) {
	for status := Status(-100); status < 100; status++ {
		if ours, theirs := pure.Status(status).Error(), statusText(status); ours != theirs {
			t.Errorf("%d: %q, the core says %q", status, ours, theirs)
		}
	}
}

func TestTheReportOfLossesIsOneEventWhoeverMakesIt(t *testing.T) {
	reports := map[string]bool{}
	for _, byCore := range []bool{true, false} {
		config := bothConfig(t)
		if err := os.WriteFile(filepath.Join(config.StateDir, "client_id"), []byte("somebody"), 0o600); err != nil {
			t.Fatal(err)
		}
		core, client := openBoth(t, config)
		core.CaptureEvent("one", nil)
		dir := filepath.Dir(segmentsOf(t, config.StateDir)[0])
		ledger := `{"lost":{"spool_full":3,"refused":12,"corrupt":1,"of a later version":4}}`
		if err := os.WriteFile(filepath.Join(dir, "ledger.json"), []byte(ledger), 0o600); err != nil {
			t.Fatal(err)
		}
		if byCore {
			config.BeforeSend = func(event json.RawMessage) json.RawMessage { return event }
			again, err := New(config)
			if err != nil {
				t.Fatal(err)
			}
			again.CaptureEvent("two", nil)
		} else {
			capturePure(client, &Event{Name: "two"})
		}
		// Segments that were begun within one millisecond have no order.
		waiting := core.Pending()
		found := slices.IndexFunc(waiting, func(line string) bool { return strings.Contains(line, "overt_losses") })
		if found < 0 {
			t.Fatalf("%t: %q", byCore, waiting)
		}
		last := waiting[found]
		var report struct {
			UUID, Event string
			Properties  map[string]any
		}
		if err := json.Unmarshal([]byte(last), &report); err != nil || report.Event != "overt_losses" {
			t.Fatalf("%t: %s %v", byCore, last, err)
		}
		reports[fmt.Sprint(report.UUID, report.Properties["spool_full"], report.Properties["refused"], report.Properties["corrupt"])] = true
		if told, _ := os.ReadFile(filepath.Join(dir, "reported")); string(told) != report.UUID+"\n" {
			t.Errorf("reported is %q", told)
		}
	}
	if len(reports) != 1 {
		t.Errorf("they differ: %v", reports)
	}
}
