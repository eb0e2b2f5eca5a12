package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"syscall"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/posthog/posthog-go"
)

var libraries = []string{"overt", "posthog-go"}

// A client is what both have: a call that records, and an end.
type client struct {
	capture func() bool
	end     func()
	flush   func()
}

func open(library, url, dir string) client {
	if library == "overt" {
		made, err := overt.New(overt.Config{
			App: "bench", AppVersion: "1.0", APIKey: "phc_bench", Endpoint: url, StateDir: dir, Consent: overt.Bool(true),
			MaxSpoolEvents: 1_000_000, MaxSpoolBytes: 1_000_000_000,
		})
		check(err)
		return client{
			capture: func() bool {
				return made.CaptureEvent("job_done", overt.Props{"inputs": 100, "completed": 98, "mode": "normal"}).Status == overt.OK
			},
			end: func() { check(made.Close()) },
			flush: func() {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				check(made.Flush(ctx))
			},
		}
	}
	made, err := posthog.NewWithConfig("phc_bench", posthog.Config{
		Endpoint: url, Logger: posthog.StdLogger(log.New(io.Discard, "", 0)),
	})
	check(err)
	return client{
		capture: func() bool {
			return made.Enqueue(posthog.Capture{
				DistinctId: "36be4c46-4e1b-431d-b9db-1b315f537a85", Event: "job_done",
				Properties: posthog.Properties{"inputs": 100, "completed": 98, "mode": "normal"},
			}) == nil
		},
		end:   func() { _ = made.Close() },
		flush: func() { _ = made.Close() },
	}
}

func child(what, library, url, dir string) {
	c := open(library, url, dir)
	switch what {
	case "cost":
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		for range calls {
			record(c)
		}
		took := time.Since(begun)
		runtime.ReadMemStats(&after)
		fmt.Printf("%8d ns %4d\n", took.Nanoseconds()/calls, (after.Mallocs-before.Mallocs)/calls)
		c.flush()
	case "end":
		record(c)
		c.end()
	case "kill":
		for range killed {
			record(c)
		}
		check(syscall.Kill(os.Getpid(), syscall.SIGKILL))
	case "again":
		c.flush()
	}
}

func record(c client) {
	if !c.capture() {
		fail("a capture failed")
	}
}
