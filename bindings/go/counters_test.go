package overt_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestCommandsAreCounted(t *testing.T) {
	server := serve(t)
	config := server.config(t)
	config.APIKey = ""
	config.AppVersion = "v1.16.0"
	config.CountersPath = filepath.Join(tempDir(t), "pace", "telemetry.yaml")
	config.CountersEndpoint = config.Endpoint + "/telemetry"
	client := open(t, config)
	equal(t, "nothing", client.Counters(), "")
	for _, run := range []struct {
		path string
		code int
		want overt.Status
	}{
		{"pace get", 0, overt.OK},
		{"pace get", 0, overt.OK},
		{"pace get", math.MaxInt, overt.OK},
		{"", 0, overt.InvalidName},
		{"a\nb", 0, overt.InvalidName},
	} {
		equal(t, run.path, client.RecordCommand(run.path, run.code), run.want)
	}
	flush(t, client)
	flush(t, client)

	var document struct {
		Points map[string]map[int]struct {
			Count int `json:"cumulative_count"`
		} `json:"metric_points"`
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(client.Counters()), &document); err != nil {
		t.Fatal(err)
	}
	id, err := client.ClientID()
	equal(t, "error", err, nil)
	equal(t, "id", document.ID, id)
	equal(t, "count", document.Points["pace get"][0].Count, 2)
	equal(t, "count", document.Points["pace get"][math.MaxInt32].Count, 1)
	requests := server.requests()
	equal(t, "requests", len(requests), 1)
}

func TestCountersGoOutAsOftenAsTheToolSays(t *testing.T) {
	for interval, want := range map[time.Duration]int{0: 3, time.Hour: 1, -1: 0} {
		server := serve(t)
		config := server.config(t)
		config.CountersPath = filepath.Join(tempDir(t), "telemetry.yaml")
		config.CountersEndpoint = config.Endpoint
		config.CountersInterval = overt.Duration(interval)
		client := open(t, config)
		for range 3 {
			equal(t, "count", client.RecordCommand("pace", 0), overt.OK)
			flush(t, client)
		}
		equal(t, interval.String(), len(server.requests()), want)
	}
}

func TestNothingIsCountedWhileOff(t *testing.T) {
	var none *overt.Client
	equal(t, "no client", none.RecordCommand("pace", 0), overt.Disabled)
	equal(t, "no client", none.Counters(), "")
	config := serve(t).config(t)
	config.CountersPath = filepath.Join(tempDir(t), "telemetry.yaml")
	config.Consent = overt.Bool(false)
	equal(t, "off", open(t, config).RecordCommand("pace", 0), overt.Disabled)
	if _, err := os.Stat(config.CountersPath); !os.IsNotExist(err) {
		t.Error(err)
	}
}
