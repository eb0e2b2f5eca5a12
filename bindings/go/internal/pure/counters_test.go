//go:build linux || darwin || windows

package pure

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func testCounters(t *testing.T, newID func() string) *counters {
	t.Helper()
	return &counters{path: filepath.Join(t.TempDir(), "config", "telemetry.yaml"), version: "1", newID: newID}
}

func yes() bool { return true }

func TestARecordThatIsLeftBehindTheHoldersBackIsEnteredBeforeHeGoes(t *testing.T) {
	c := testCounters(t, nil)
	other := *c
	// The ID is made with the lock held, when the records have been read.
	c.newID = func() string {
		if status, err := other.count("other", 0, yes); status != OK {
			t.Error(status, err)
		}
		return "somebody"
	}
	if status, err := c.count("one", 0, yes); status != OK {
		t.Error(status, err)
	}
	if found, _ := c.document(); found.points["one"][0] != 1 || found.points["other"][0] != 1 {
		t.Errorf("counted: %v", found.points)
	}
}

func TestManyGoroutinesCountExactly(t *testing.T) {
	c := testCounters(t, func() string { return "somebody" })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			own := *c
			for range 25 {
				if status, err := own.count("pace", 0, yes); status != OK {
					t.Error(status, err)
				}
			}
		})
	}
	all.Wait()
	if found, _ := c.document(); found.points["pace"][0] != 200 {
		t.Errorf("counted: %v", found.points)
	}
}

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
	if status, _ := client.counters.count("pace", 0, allowed); status != Disabled {
		t.Error(status)
	}
	if left, err := os.ReadDir(filepath.Dir(config.CountersPath)); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

func TestWhatHasNotChangedIsNotWrittenAnew(t *testing.T) {
	c := testCounters(t, func() string { return "somebody" })
	if status, err := c.count("pace", 0, yes); status != OK {
		t.Fatal(status, err)
	}
	before, err := os.Stat(c.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, due, err := c.claim(placeOf(c.path), time.Now(), 0); !due || err != nil {
		t.Error(due, err)
	}
	if after, err := os.Stat(c.path); err != nil || !os.SameFile(before, after) {
		t.Error("it was", err)
	}
}
