package overt_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// What the processes of sharing_test.go do, in both kinds of this program.

func init() {
	// Records until it is ended, and says the UUID of each event that was recorded, or why it was not.
	children["record on and on"] = func(argument string) {
		client, err := overt.New(sharer(argument))
		if err != nil {
			panic(err)
		}
		for n := 0; ; n++ {
			captured := client.CaptureEvent("shared", overt.Props{"n": n, "text": strings.Repeat("x", n%2000)})
			fmt.Printf("%s %d\n", captured.UUID(), captured.Status)
			time.Sleep(time.Duration(n%4) * time.Millisecond)
		}
	}
	children["deliver what waits"] = func(argument string) {
		config := sharer(argument)
		config.Background, config.Debug = overt.Bool(false), true
		client, err := overt.New(config)
		if err != nil {
			panic(err)
		}
		// With nothing to send there is no pass, and a record that a killed process left is entered by the next.
		client.CaptureEvent("last", nil)
		fmt.Println(client.Flush(nil))
		client.Close()
	}
}

// sharer is a client of a small flush_at, so that many deliver while others record.
func sharer(argument string) overt.Config {
	endpoint, dir, _ := strings.Cut(argument, " ")
	return overt.Config{
		App: "scenario", APIKey: "phc_test", Endpoint: endpoint, StateDir: dir, InCI: true, FlushAt: 20,
		FlushInterval: overt.Duration(50 * time.Millisecond), ReportLosses: overt.Bool(false),
	}
}

func init() {
	children["say off"] = func(argument string) {
		config := sharer(argument)
		config.Background = overt.Bool(false)
		client, err := overt.New(config)
		if err != nil {
			panic(err)
		}
		fmt.Println(client.SetConsent(false))
	}
}

func init() {
	// Counts until it is ended, each time with a client of its own, as each run of a tool has, and says so.
	children["count on and on"] = func(argument string) {
		dir, command, _ := strings.Cut(argument, " ")
		for {
			fmt.Println(countOnce(dir, command))
		}
	}
	children["count once"] = func(argument string) {
		dir, command, _ := strings.Cut(argument, " ")
		fmt.Println(countOnce(dir, command))
	}
}

// counter is a tool that reports each count at once, by events that nobody takes.
func counter(dir string) overt.Config {
	return overt.Config{
		App: "scenario", AppVersion: "v1.16.0", APIKey: "phc_test", Endpoint: "http://127.0.0.1:9", InCI: true,
		StateDir: filepath.Join(dir, "state"), CountersPath: filepath.Join(dir, "config", "telemetry.yaml"),
		CountersInterval: overt.Duration(0), Background: overt.Bool(false), ReportLosses: overt.Bool(false),
		MaxSpoolEvents: 1_000_000, MaxSpoolBytes: 1 << 30,
	}
}

func countOnce(dir, command string) overt.Status {
	client, err := overt.New(counter(dir))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	return client.RecordCommand(command, 0)
}
