// Counting measures what a run of a tool pays for counting its command, beside a run that does not count, and beside what
// PACE does itself: read the whole file, add one, write the whole file.
//
//	counting DIRECTORY
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"gopkg.in/yaml.v3"
)

const (
	rounds = 41
	runs   = 50
	// A tool of which 30 commands were used, each with two exit codes.
	commands = 30
)

type point struct {
	Count int `yaml:"cumulative_count"`
}

type document struct {
	Points          map[string]map[int]*point `yaml:"metric_points"`
	CLIVersion      string                    `yaml:"cli_version"`
	OperatingSystem string                    `yaml:"operating_system"`
	ID              string                    `yaml:"id"`
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: counting DIRECTORY")
	}
	ours, paces := filepath.Join(os.Args[1], "ours", "telemetry.yaml"), filepath.Join(os.Args[1], "pace", "telemetry.yaml")
	for _, path := range []string{ours, paces} {
		check(os.MkdirAll(filepath.Dir(path), 0o700))
		full := document{Points: map[string]map[int]*point{}, CLIVersion: "v1.16.0", OperatingSystem: "linux",
			ID: "36be4c46-4e1b-431d-b9db-1b315f537a85"}
		for n := range commands {
			full.Points[fmt.Sprintf("pace get thing-%d", n)] = map[int]*point{0: {1000}, 1: {10}}
		}
		text, err := yaml.Marshal(full)
		check(err)
		check(os.WriteFile(path, text, 0o600))
	}
	ways := []struct {
		name  string
		run   func()
		times []time.Duration
	}{
		{name: "a run without counting", run: func() { run(ours, false) }},
		{name: "a run that counts", run: func() { run(ours, true) }},
		{name: "PACE's read, add, write", run: func() { byHand(paces) }},
	}
	for range rounds {
		for n := range ways {
			start := time.Now()
			for range runs {
				ways[n].run()
			}
			ways[n].times = append(ways[n].times, time.Since(start)/runs)
		}
	}
	for _, way := range ways {
		slices.Sort(way.times)
		fmt.Printf("%-24s %9.1f µs\n", way.name, float64(way.times[rounds/2].Nanoseconds())/1e3)
	}
}

// run is what a run of the tool does with overt.
func run(path string, counts bool) {
	client, err := overt.New(overt.Config{
		App: "bench", AppVersion: "v1.16.0", StateDir: filepath.Join(os.Args[1], "state"), CountersPath: path,
		CountersInterval: overt.Duration(-1), Consent: overt.Bool(true),
	})
	check(err)
	if counts {
		if status := client.RecordCommand("pace get thing-7", 0); status != overt.OK {
			fail(fmt.Sprint(status))
		}
	}
	check(client.Close())
}

func byHand(path string) {
	text, err := os.ReadFile(path)
	check(err)
	var all document
	check(yaml.Unmarshal(text, &all))
	all.Points["pace get thing-7"][0].Count++
	text, err = yaml.Marshal(all)
	check(err)
	check(os.WriteFile(path, text, 0o600))
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}
