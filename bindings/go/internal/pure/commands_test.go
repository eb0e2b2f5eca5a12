//go:build linux || darwin || windows

package pure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/counters"
)

func TestWhoIsToldOffInTheMidstDoesNotCountEvenAgainstAVariable(t *testing.T) {
	config := Defaults()
	config.App, config.StateDir, config.CountersPath = "pure", t.TempDir(), filepath.Join(t.TempDir(), "telemetry.yaml")
	t.Setenv("TELEMETRY_ENABLED", "1")
	client, off := testClient(t, config), false
	allowed := client.allowed()
	if !allowed() {
		t.Error("a variable says on")
	}
	client.said.Store(&off)
	if err := client.counters.Count("pace", 0, allowed); err != counters.ErrOff {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(config.CountersPath)); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}
