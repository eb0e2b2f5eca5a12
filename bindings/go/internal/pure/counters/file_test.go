//go:build linux || darwin || windows

package counters

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func testCounters(t *testing.T, newID func() string) *Counters {
	t.Helper()
	return New(filepath.Join(t.TempDir(), "config", "telemetry.yaml"), "1", newID)
}

func yes() bool { return true }

func TestARecordThatIsLeftBehindTheHoldersBackIsEnteredBeforeHeGoes(t *testing.T) {
	c := testCounters(t, nil)
	other := *c
	// The ID is made with the lock held, when the records have been read.
	c.newID = func() string {
		if err := other.Count("other", 0, yes); err != nil {
			t.Error(err)
		}
		return "somebody"
	}
	if err := c.Count("one", 0, yes); err != nil {
		t.Error(err)
	}
	if found, _ := c.Document(); found.points["one"][0] != 1 || found.points["other"][0] != 1 {
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
				if err := own.Count("pace", 0, yes); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if found, _ := c.Document(); found.points["pace"][0] != 200 {
		t.Errorf("counted: %v", found.points)
	}
}

func TestWhatHasNotChangedIsNotWrittenAnew(t *testing.T) {
	c := testCounters(t, func() string { return "somebody" })
	if err := c.Count("pace", 0, yes); err != nil {
		t.Fatal(err)
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
