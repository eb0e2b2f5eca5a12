//go:build linux || darwin || windows

package spool

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

func TestForeignNamesAreLeftAlone(t *testing.T) {
	for _, name := range []string{
		"", "x", "1-2", "1-2-3", "a-2-9f8e7d6c", "1-b-9f8e7d6c", "1-2-9f8e7d6g", "1-2-9f8e7d6c", "../1-2-9f8e7d6c",
		"01795198236493-4242-9f8e7d6c", "1795198236493--9f8e7d6c", "1795198236493-4242-9f8e7d6c-x",
	} {
		if isSegmentName(name) {
			t.Errorf("%q is no name of ours", name)
		}
	}
	name := nameSegment(7, nameWriter())
	if !isSegmentName(string(name)) || name.begun() != 7 || !isSegmentName("1795198236493-4242-9f8e7d6c") {
		t.Errorf("%q is one", name)
	}
}

func TestARecordThatWasTornDoesNotSpoilTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.v1.done")
	text := "\n0 10 2 delivered\n\n10 2\n20 30 1 refused\n9 8 1 delivered\n-1 5 1 delivered\n30 40 1 Delivered\n1 2 3\n40 50 1 delivered"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := records(path); !slices.Equal(got, done{{0, 10, 2, "delivered"}, {20, 30, 1, "refused"}}) {
		t.Errorf("got %v", got)
	}
	if err := appendRecords(path, done{{50, 60, 1, "of_a_later_version"}}); err != nil {
		t.Fatal(err)
	}
	if got := records(path); len(got) != 4 || got[3].word != "of_a_later_version" { // the torn one got its line break
		t.Errorf("got %v", got)
	}
}

// testSpool is a spool with some lines of one segment.
func testSpool(t *testing.T, lines ...string) *Spool {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "spool")
	s := New(Options{
		Dir: dir, MaxEvents: 10_000, MaxBytes: 8 << 20, MaxAge: 30 * day, MaxMemory: 10,
		Ready: func() error { return system.MakePrivateDir(dir) }, Say: t.Logf,
	}, &Counts{}, time.Now())
	t.Cleanup(s.Free)
	for _, line := range lines {
		if loss := s.Append([]byte(line+"\n"), time.Now()); loss != "" {
			t.Fatal(loss)
		}
	}
	return s
}

func claimAll(t *testing.T, s *Spool, now time.Time) *Claim {
	t.Helper()
	c, err := s.claim(now)
	if c.lock == nil {
		t.Fatalf("no claim: %v", err)
	}
	return c
}

func waitingIn(s *Spool) int64 {
	events, _ := s.Waiting()
	return events
}

func TestOneDeliversAtATimeAndDamagedLinesAreLost(t *testing.T) {
	s := testSpool(t, `{"n":1}`, `garbage`, `[1]`, `{"n":1e999}`, "{\"n\":\"\xff\"}", strings.Repeat(`{"n":`, 36)+"1"+strings.Repeat("}", 36), `{"n":2}`)
	c := claimAll(t, s, time.Now())
	if second, err := s.claim(time.Now()); second.lock != nil || err != nil {
		t.Errorf("there are two: %v %v", second, err)
	}
	if one := c.Next(8); len(one) != 1 || string(one[0].text) != `{"n":1}` {
		t.Errorf("first: %v", one)
	} else {
		c.Settle(one, "delivered")
	}
	rest := c.Next(1000)
	if len(rest) != 1 || string(rest[0].text) != `{"n":2}` || len(c.Next(1000)) != 0 {
		t.Errorf("then: %v", rest)
	}
	c.finish(time.Now(), Done)
	ledger := ReadLedger(s.Dir)
	if ledger.Delivered != 0 || len(ledger.Lost) != 0 || waitingIn(s) != 1 {
		t.Errorf("the segment is still there, and with it its record: %+v", ledger)
	}
	c = claimAll(t, s, time.Now())
	c.Settle(c.Next(1000), "delivered")
	s.counts.Book("requests", 3)
	c.finish(time.Now(), Parked)
	ledger = ReadLedger(s.Dir)
	if ledger.Delivered != 2 || ledger.Lost["corrupt"] != 5 || ledger.Requests != 3 || ParkedFor(s.Dir, time.Now()) == 0 {
		t.Errorf("the ledger: %+v", ledger)
	}
	if left := segments(s.Dir, segmentEnding); len(left) > 0 || waitingIn(s) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestARecordIsEnteredOnceThoughItIsStillThere(t *testing.T) {
	s := testSpool(t)
	if err := leaveNews(s.Dir, done{{0, 0, 2, "requests"}, {0, 0, 2, "delivered"}, {0, 0, 1, "unconfirmed"}, {0, 0, 4, "memory_full"}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	name := segments(s.Dir, doneEnding)[0]
	text, err := os.ReadFile(name.in(s.Dir, doneEnding))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		claimAll(t, s, time.Now()).finish(time.Now(), Done)
		l := ReadLedger(s.Dir)
		if l.Requests != 2 || l.Delivered != 3 || l.Unconfirmed != 1 || l.Lost["memory_full"] != 4 {
			t.Errorf("the ledger: %+v", l)
		}
		// A process that died before it could remove it.
		if len(segments(s.Dir, doneEnding)) > 0 {
			t.Error("the record is still there")
		}
		if len(l.Entered) > 0 {
			if err := os.WriteFile(name.in(s.Dir, doneEnding), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestWhatLooksTooOldForADayIsGivenUp(t *testing.T) {
	s := testSpool(t, `{"n":1}`, `{"n":2}`)
	now := time.Now()
	later := now.Add(31 * day)
	claimAll(t, s, later).finish(time.Now(), Done)
	if waitingIn(s) != 2 {
		t.Error("it had looked old for no time")
	}
	claimAll(t, s, now).finish(time.Now(), Done) // the clock was wrong
	if text, _ := os.ReadFile(filepath.Join(s.Dir, "upload.lock")); len(text) > 0 {
		t.Errorf("the lock's file says %q", text)
	}
	claimAll(t, s, later).finish(time.Now(), Done)
	claimAll(t, s, later.Add(day-time.Second)).finish(time.Now(), Done)
	if waitingIn(s) != 2 {
		t.Error("it had looked old for less than a day")
	}
	claimAll(t, s, later.Add(day+time.Second)).finish(time.Now(), Done)
	if waitingIn(s) != 0 || ReadLedger(s.Dir).Lost["expired"] != 2 || s.counts.own.Lost["expired"] != 2 {
		t.Errorf("left: %d, %+v", waitingIn(s), ReadLedger(s.Dir))
	}
}

func TestWhatCrashesLeftBehindIsSwept(t *testing.T) {
	s := testSpool(t, `{"n":1}`)
	old := time.Now().Add(-2 * day)
	for _, name := range []string{"1-12345678.v1.live", ".x.tmp", "mine.tmp", ".young.tmp"} {
		path := filepath.Join(s.Dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name != ".young.tmp" {
			os.Chtimes(path, old, old)
		}
	}
	claimAll(t, s, time.Now()).finish(time.Now(), Done)
	var left []string
	entries, _ := os.ReadDir(s.Dir)
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), string(s.disk.segment)) {
			left = append(left, entry.Name())
		}
	}
	want := []string{".young.tmp", s.disk.name + liveEnding, "ledger.json", "mine.tmp", "upload.lock"}
	slices.Sort(want)
	want = slices.DeleteFunc(want, func(name string) bool { return name == "ledger.json" }) // nothing to tell
	if !slices.Equal(left, want) {
		t.Errorf("left: %v, want %v", left, want)
	}
}

func TestAFullDiskTakesNothingAndLosesNothing(t *testing.T) {
	s := testSpool(t, `{"n":1}`)
	s.disk.room = uint64(s.disk.length) // as the kernel's limit for a file would have it
	if loss := s.Append([]byte("{\"n\":2}\n"), time.Now()); loss != "" {
		t.Fatal(loss)
	}
	if names := segments(s.Dir, segmentEnding); len(names) != 2 || len(waiting(s.Dir, names[0])) != 1 {
		t.Errorf("segments: %v", names)
	}
	s.disk.maxEvents = 2
	if loss := s.Append([]byte("{}\n"), time.Now()); loss != "spool_full" {
		t.Errorf("the third: %q", loss)
	}
	s.disk.maxEvents, s.disk.maxBytes = 3, s.disk.bytes+2
	if loss := s.Append([]byte("{}\n"), time.Now()); loss != "spool_full" {
		t.Errorf("three bytes: %q", loss)
	}
}

func TestWhatOthersDeliveredMakesRoom(t *testing.T) {
	s := testSpool(t, `{"n":1}`, `{"n":2}`)
	s.disk.maxEvents = 2
	other := New(s.Options, &Counts{}, time.Now())
	t.Cleanup(other.Free)
	now := time.Now()
	if loss := s.Append([]byte("{\"n\":3}\n"), now); loss != "spool_full" {
		t.Errorf("the third: %q", loss)
	}
	c := claimAll(t, other, now)
	c.Settle(c.Next(1000), "delivered")
	c.finish(now, Done)
	if loss := s.Append([]byte("{\"n\":3}\n"), now); loss != "spool_full" {
		t.Errorf("it counts once a second: %q", loss)
	}
	if loss := s.Append([]byte("{\"n\":3}\n"), now.Add(countEvery)); loss != "" {
		t.Errorf("there is room: %q", loss)
	}
}

func TestDeliveringOthersEventsHidesNoneOfOnesOwn(t *testing.T) {
	s := testSpool(t)
	other := New(s.Options, &Counts{}, time.Now())
	t.Cleanup(other.Free)
	for range 3 {
		other.Append([]byte("{\"n\":1}\n"), time.Now().Add(-time.Second)) // before ours
	}
	s.Append([]byte("{\"n\":2}\n"), time.Now())
	c := claimAll(t, s, time.Now())
	c.Settle(c.Next(3*8), "delivered")
	c.finish(time.Now(), Parked)
	if waitingIn(s) != 1 {
		t.Errorf("%d wait", waitingIn(s))
	}
}
