//go:build !cgo

package overt

import (
	"context"
	"testing"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure"
)

func TestAFaultOfOursIsAStatusToTheHost(t *testing.T) {
	c := &Client{native: &pure.Client{}} // nothing that it needs is there
	for name, status := range map[string]error{
		"CaptureEvent":  c.CaptureEvent("e", nil).Status,
		"Capture":       c.Capture(Event{Name: "e", Force: true}).Status,
		"RecordCommand": c.RecordCommand("tool", 0),
		"Flush":         c.Flush(context.Background()),
	} {
		if status != Internal {
			t.Errorf("%s: %v", name, status)
		}
	}
	if found := c.Consent(); found.Enabled {
		t.Error(found)
	}
	if len(c.Pending())+len(c.Sent()) > 0 || c.Counters() != "" || len(c.Losses()) > 0 {
		t.Error("it tells something")
	}
	release(c.native)
}
