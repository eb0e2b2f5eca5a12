//go:build linux || darwin || windows

package pure

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// The core is held to the same list; its README says what a case has.

type vector struct {
	Name    string
	Before  []any
	Version *string
	Runs    []struct {
		Code       int32
		Path, Says string
	}
	After    []string
	Bad      bool
	JSON     string
	Reported json.RawMessage
	Events   []map[string]any
}

func vectorsOf(t *testing.T, name string) (all []vector) {
	t.Helper()
	text, err := os.ReadFile("../../../../tests/vectors/counters/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("linux"), []byte(runtime.GOOS)) // where new files are made
	if err := json.Unmarshal(text, &all); err != nil || len(all) < 3 {
		t.Fatal(name, err)
	}
	return all
}

// content is a file's: texts, bytes that are no text, and repetitions; nil if there is none.
func content(parts []any) (all []byte) {
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			all = append(all, part...)
		case float64:
			all = append(all, byte(part))
		case []any:
			all = append(all, strings.Repeat(part[1].(string), int(part[0].(float64)))...)
		}
	}
	return all
}

// open makes a client of a tool with what stands in the case before it counts, and says where the file is.
func (v *vector) open(t *testing.T, change func(*Config)) (*Client, string) {
	t.Helper()
	dir := t.TempDir()
	config := Defaults()
	config.App, config.AppVersion, config.InCI, config.Background = "scenario", "v1.16.0", true, false
	config.StateDir, config.CountersPath = filepath.Join(dir, "state"), filepath.Join(dir, "config", "telemetry.yaml")
	config.APIKey, config.Endpoint, config.CountersInterval = "phc_test", "http://127.0.0.1:9", -1
	change(&config)
	for _, made := range []string{config.StateDir, config.CountersPath + ".overt"} {
		if err := os.MkdirAll(made, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(config.StateDir, "client_id"), []byte("7e0f5a3c-93a8-4d1e-8a55-0c2b5f1d9e64"))
	if v.Before != nil {
		write(t, config.CountersPath, content(v.Before))
	}
	if v.Reported != nil {
		write(t, config.CountersPath+".overt/reported.json", v.Reported)
	}
	return testClient(t, config), config.CountersPath
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

var saying = map[Status]string{OK: "ok", Dropped: "dropped", Disabled: "disabled", InvalidName: "invalid_name", Storage: "storage"}

func TestEachFileBecomesWhatItsVectorSays(t *testing.T) {
	for _, name := range []string{"taken_over", "styles", "texts", "damaged", "limits"} {
		for _, v := range vectorsOf(t, name) {
			client, path := v.open(t, func(config *Config) {
				if v.Version != nil {
					config.AppVersion = *v.Version
				}
			})
			for _, run := range v.Runs {
				if said := saying[client.RecordCommand(run.Path, run.Code)]; said != run.Says {
					t.Errorf("%s: %s: %d %q says %s, want %s", name, v.Name, run.Code, run.Path, said, run.Says)
				}
			}
			before := content(v.Before)
			want := before
			if v.After != nil {
				want = []byte(strings.Join(v.After, ""))
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, want) {
				t.Errorf("%s: %s: %.2000q became\n%.2000s\nwant\n%.2000s", name, v.Name, before, after, want)
			}
			aside, err := os.ReadFile(path + ".bad")
			if (err == nil) != v.Bad || v.Bad && !bytes.Equal(aside, before) {
				t.Errorf("%s: %s: put aside: %.2000q (%v)", name, v.Name, aside, err)
			}
			if said := client.Counters(); v.JSON != "" && said != v.JSON {
				t.Errorf("%s: %s: %s, want %s", name, v.Name, said, v.JSON)
			}
		}
	}
}

func TestEachReportHasTheEventsThatItsVectorSays(t *testing.T) {
	for _, v := range vectorsOf(t, "events") {
		client, _ := v.open(t, func(config *Config) { config.CountersInterval = 0 })
		if status := client.RecordCommand("pace version", 0); status != OK {
			t.Errorf("%s: %v", v.Name, status)
		}
		waiting := strings.Split(client.Pending(), "\n")
		if len(waiting) < len(v.Events) {
			t.Fatalf("%s: %q", v.Name, waiting)
		}
		for i, want := range v.Events {
			var said map[string]any
			if err := json.Unmarshal([]byte(waiting[i]), &said); err != nil {
				t.Fatal(err)
			}
			properties := said["properties"].(map[string]any)
			for key, value := range want {
				if got := map[bool]any{true: said[key], false: properties[key]}[key == "uuid" || key == "timestamp"]; !reflect.DeepEqual(got, value) {
					t.Errorf("%s: %s is %v, want %v", v.Name, key, got, value)
				}
			}
		}
	}
}
