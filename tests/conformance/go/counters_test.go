package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"gopkg.in/yaml.v3"
)

// document is the file as PACE knows it.
type document struct {
	Points          map[string]map[int]point `yaml:"metric_points"`
	CLIVersion      string                   `yaml:"cli_version"`
	OperatingSystem string                   `yaml:"operating_system"`
	ID              string                   `yaml:"id"`
}

type point struct {
	Count int `yaml:"cumulative_count"`
}

// commands are what some reader of YAML takes for something else unless they are quoted.
var commands = []string{
	"pace get data-policy", "1.16", "1e5", "0x1f", "0o17", "017", "1_000", "1:30", "2026-11-20", "null", "No", "y", "ON", "~",
	"a: b #c", "- x", "*a", "&a", "!a", "%a", "@a", "`a", "? a", "'q' \"r\" \\", " edge ", "größe", "\u2028\U0001f600\ufeff", "=", "<<",
	".inf", ".NaN", "_1", "+1", "[a]", "{a}", "|", ">", ",", "#",
}

func count(t *testing.T, path string) {
	t.Helper()
	client, err := overt.New(overt.Config{
		App: "pace", AppVersion: "1.16", StateDir: t.TempDir(), CountersPath: path, CountersInterval: overt.Duration(-1),
		Consent: overt.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, command := range commands {
		if status := client.RecordCommand(command, 1); status != overt.OK {
			t.Fatalf("%q: %v", command, status)
		}
	}
}

func read(t *testing.T, path string) (found document) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &found); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return found
}

func all(count int) map[string]map[int]point {
	points := map[string]map[int]point{}
	for _, command := range commands {
		points[command] = map[int]point{1: {count}}
	}
	return points
}

func same(one, other map[string]map[int]point) bool { return maps.EqualFunc(one, other, maps.Equal) }

func TestPACEReadsWhatWeWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "telemetry.yaml")
	count(t, path)
	found := read(t, path)
	if !same(found.Points, all(1)) || found.CLIVersion != "1.16" || len(found.ID) != 36 {
		t.Errorf("%+v", found)
	}
}

func TestWhatPACEWroteIsTakenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "telemetry.yaml")
	const id = "36be4c46-4e1b-431d-b9db-1b315f537a85"
	for _, indent := range []int{2, 4, 8} {
		var text bytes.Buffer
		encoder := yaml.NewEncoder(&text)
		encoder.SetIndent(indent)
		if err := encoder.Encode(document{Points: all(7), CLIVersion: "v1.15.0", OperatingSystem: "darwin", ID: id}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		count(t, path)
		found := read(t, path)
		if !same(found.Points, all(8)) || found.ID != id || found.OperatingSystem != "darwin" {
			t.Errorf("%+v of\n%s", found, text.String())
		}
		if bad, err := os.ReadFile(path + ".bad"); err == nil {
			t.Errorf("put aside: %s", bad)
		}
	}
}
