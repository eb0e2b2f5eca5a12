// Command is a CLI that says which of its commands ran, and how they ended.
//
//	command ENDPOINT API_KEY NAME EXIT_CODE
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func main() {
	started := time.Now()
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: command ENDPOINT API_KEY NAME EXIT_CODE")
		os.Exit(2)
	}
	name := os.Args[3]
	exitCode, err := strconv.Atoi(os.Args[4])
	if err != nil {
		fmt.Fprintln(os.Stderr, "command: EXIT_CODE must be a number")
		os.Exit(2)
	}
	client, err := overt.New(overt.Config{
		App:        "command",
		AppVersion: "1.0.0",
		Endpoint:   os.Args[1],
		APIKey:     os.Args[2],
		StateDir:   os.Getenv("OVERT_DEMO_STATE"), // empty: where such files belong
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "command: no telemetry:", err)
	}

	// Here the command would do its work.

	captured := client.CaptureEvent("command_run", overt.Props{
		"command":     name,
		"exit_code":   exitCode,
		"duration_ms": time.Since(started).Milliseconds(),
	})
	switch captured.Status {
	case overt.OK:
		fmt.Println("recorded", captured.UUID())
	case overt.Disabled:
		fmt.Println("not recorded:", client.Consent().Reason)
	default:
		fmt.Fprintln(os.Stderr, "command:", captured.Status)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := client.CloseContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "the next run sends it:", err)
	}
}
