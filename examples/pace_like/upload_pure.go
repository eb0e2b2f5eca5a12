//go:build !cgo

package main

import (
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// upload: without cgo there is no process of its own for that, so the one run in an hour whose turn it is waits a moment.
func upload(config *overt.Config) { config.ExitTimeout = 500 * time.Millisecond }
