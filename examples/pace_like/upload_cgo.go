//go:build cgo

package main

import overt "github.com/overt-telemetry/overt/bindings/go"

// upload: a run is shorter than a request, so a process of its own makes it.
func upload(config *overt.Config) { config.DetachedUpload = true }
