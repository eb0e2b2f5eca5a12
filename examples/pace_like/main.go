// Pace is a CLI in the manner of STRM's, which counts how often each of its commands ended with which exit code.
//
// The counts lie in telemetry.yaml in $PACE_CONFIG_PATH or ~/.config/pace, where one of PACE's own is taken over. They
// are told to PACE_TELEMETRY_ENDPOINT (unset: to nobody), every PACE_TELEMETRY_INTERVAL seconds (unset: every hour;
// negative: never). PACE_TELEMETRY=0 switches it off.
package main

import (
	"os"
	"path/filepath"
	"strconv"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
)

const version = "v1.16.0"

const notice = `pace counts which of its commands are run and whether they fail, never what they are given.
See it with "pace telemetry show", switch it off with "pace telemetry off".`

func main() {
	overt.UploaderMain()
	config := telemetry()
	// A client that could not be made is nil, and records nothing.
	client, _ := overt.New(config)
	root := commands()
	root.AddCommand(overtcobra.Command(client, config))
	finish := overtcobra.Instrument(root, client)
	os.Exit(finish(root.Execute()))
}

// telemetry is what pace tells overt.
func telemetry() overt.Config {
	dir := os.Getenv("PACE_CONFIG_PATH")
	if dir == "" {
		home, _ := os.UserHomeDir() // without one the path is refused, and there is no client
		dir = filepath.Join(home, ".config", "pace")
	}
	config := overt.Config{
		App:              "pace",
		AppVersion:       version,
		CountersPath:     filepath.Join(dir, "telemetry.yaml"),
		CountersEndpoint: os.Getenv("PACE_TELEMETRY_ENDPOINT"),
		ConsentEnv:       []string{"PACE_TELEMETRY"},
		Notice:           notice,
	}
	upload(&config)
	if seconds, err := strconv.Atoi(os.Getenv("PACE_TELEMETRY_INTERVAL")); err == nil {
		config.CountersInterval = overt.Duration(time.Duration(seconds) * time.Second)
	}
	return config
}
