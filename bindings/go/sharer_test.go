package overt_test

import (
	"fmt"
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
