//go:build linux || darwin || windows

package pure

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEachAnswerHasItsVerdict(t *testing.T) {
	for _, answer := range []struct {
		status, hungUp, attempt, events int
		wish                            time.Duration
		want                            verdict
		pause                           time.Duration
	}{
		{status: 200, attempt: 1, events: 9, want: acknowledge}, {status: 299, attempt: 1, events: 1, want: acknowledge},
		{status: 413, attempt: 1, events: 2, want: halve}, {status: 413, attempt: 1, events: 1, want: giveUp},
		{status: 300, attempt: 1, events: 2, want: giveUp}, {status: 307, attempt: 1, events: 2, want: giveUp},
		{status: 400, attempt: 1, events: 2, want: giveUp}, {status: 401, attempt: 1, events: 2, want: giveUp},
		{status: 600, attempt: 1, events: 2, want: giveUp},
		{status: 101, attempt: 1, events: 2, want: again, pause: 200 * time.Millisecond},
		{status: 408, attempt: 2, events: 2, want: again, pause: 400 * time.Millisecond},
		{status: 429, attempt: 3, events: 2, want: again, pause: 800 * time.Millisecond},
		{status: 429, attempt: 4, events: 2, want: park},
		{status: 503, attempt: 1, events: 2, wish: 2 * time.Second, want: again, pause: 2 * time.Second},
		{status: 503, attempt: 1, events: 2, wish: time.Hour, want: again, pause: longestPause},
		{attempt: 1, events: 2, want: again, pause: 200 * time.Millisecond}, {attempt: 4, events: 2, want: park},
		{hungUp: 1, attempt: 1, events: 2, want: again, pause: 200 * time.Millisecond},
		{hungUp: 2, attempt: 2, events: 2, want: halve},
		{hungUp: 2, attempt: 2, events: 1, want: again, pause: 400 * time.Millisecond},
	} {
		next, pause := judge(answer.status, answer.hungUp, answer.attempt, 3, answer.events, answer.wish, 0)
		if next != answer.want || pause != answer.pause {
			t.Errorf("%+v: %v %v", answer, next, pause)
		}
	}
	if _, pause := judge(503, 0, 50, 100, 1, 0, 1); pause != longestPause {
		t.Errorf("the longest pause is %v", pause)
	}
	if _, pause := judge(503, 0, 1, 3, 1, 0, 1); pause != 250*time.Millisecond {
		t.Errorf("a pause is at most a quarter longer: %v", pause)
	}
}

func TestAServersWishIsSecondsOrADateAgainstItsOwn(t *testing.T) {
	now := time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)
	for _, wish := range []struct {
		after, date string
		want        time.Duration
	}{
		{"7", "", 7 * time.Second}, {" 7 ", "", 7 * time.Second}, {"0", "", 0}, {"-7", "", 0}, {"1.5", "", 0}, {"", "", 0},
		{strings.Repeat("9", 40), "", longestPause},
		{"Fri, 20 Nov 2026 18:00:05 GMT", "", 5 * time.Second}, {"Friday, 20-Nov-26 18:00:05 GMT", "", 5 * time.Second},
		{"Fri Nov 20 18:00:05 2026", "", 5 * time.Second}, {"Fri, 20 Nov 2026 17:00:00 GMT", "", 0},
		{"Thu, 01 Jan 1970 00:00:09 GMT", "Thu, 01 Jan 1970 00:00:02 GMT", 7 * time.Second}, {"soon", "", 0},
	} {
		headers := http.Header{"Retry-After": {wish.after}, "Date": {wish.date}}
		if got := retryAfter(headers, now); got != wish.want {
			t.Errorf("%+v: %v", wish, got)
		}
	}
}

func TestForeignNamesAreLeftAlone(t *testing.T) {
	for _, name := range []string{
		"", "x", "1-2", "1-2-3", "a-2-9f8e7d6c", "1-b-9f8e7d6c", "1-2-9f8e7d6g", "1-2-9f8e7d6c", "../1-2-9f8e7d6c",
		"01795198236493-4242-9f8e7d6c", "1795198236493--9f8e7d6c", "1795198236493-4242-9f8e7d6c-x",
	} {
		if isSegmentName(name) {
			t.Errorf("%q is no name of ours", name)
		}
	}
	name := nameSegment(7, newWriter())
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
	if got := records(path); !slices.Equal(got, []record{{0, 10, 2, "delivered"}, {20, 30, 1, "refused"}}) {
		t.Errorf("got %v", got)
	}
	if err := appendRecords(path, []record{{50, 60, 1, "of_a_later_version"}}); err != nil {
		t.Fatal(err)
	}
	if got := records(path); len(got) != 4 || got[3].word != "of_a_later_version" { // the torn one got its line break
		t.Errorf("got %v", got)
	}
}

func TestRangesJoinWhatTouches(t *testing.T) {
	var done ranges
	for _, one := range [][2]int64{{20, 30}, {0, 10}, {5, 5}, {10, 15}, {40, 50}, {28, 41}, {21, 22}} {
		done = done.with(one[0], one[1])
	}
	if !slices.Equal(done, ranges{{0, 15}, {20, 50}}) || done.covered() != 15 || done.length() != 45 {
		t.Errorf("%v covers %d of %d", done, done.covered(), done.length())
	}
	if !done.contains(14) || done.contains(15) || done.contains(50) || done[1:].covered() != 0 {
		t.Errorf("%v contains something else", done)
	}
}

// testSpool is a spool with some lines of one segment, and what a claim would need.
func testSpool(t *testing.T, lines ...string) (*spool, *counts) {
	t.Helper()
	config := Defaults()
	s, err := openSpool(filepath.Join(t.TempDir(), "spool"), &config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	for _, line := range lines {
		if err := s.append([]byte(line+"\n"), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	return s, &counts{}
}

func claimAll(t *testing.T, s *spool, counts *counts, now time.Time) *claim {
	t.Helper()
	c, err := s.claim(now, counts)
	if c == nil {
		t.Fatalf("no claim: %v", err)
	}
	return c
}

func TestOneDeliversAtATimeAndDamagedLinesAreLost(t *testing.T) {
	s, counts := testSpool(t, `{"n":1}`, `garbage`, `[1]`, `{"n":1e999}`, "{\"n\":\"\xff\"}", strings.Repeat(`{"n":`, 36)+"1"+strings.Repeat("}", 36), `{"n":2}`)
	c := claimAll(t, s, counts, time.Now())
	if second, err := s.claim(time.Now(), counts); second != nil || err != nil {
		t.Errorf("there are two: %v %v", second, err)
	}
	if one := c.next(8); len(one) != 1 || string(one[0].text) != `{"n":1}` {
		t.Errorf("first: %v", one)
	} else {
		c.settle(one, "delivered")
	}
	rest := c.next(1000)
	if len(rest) != 1 || string(rest[0].text) != `{"n":2}` || len(c.next(1000)) != 0 {
		t.Errorf("then: %v", rest)
	}
	c.finish(0)
	ledger := readLedger(s.dir)
	if ledger.Delivered != 0 || len(ledger.Lost) != 0 || s.waiting() != 1 {
		t.Errorf("the segment is still there, and with it its record: %+v", ledger)
	}
	c = claimAll(t, s, counts, time.Now())
	c.settle(c.next(1000), "delivered")
	counts.book("requests", 3)
	c.finish(77)
	ledger = readLedger(s.dir)
	if ledger.Delivered != 2 || ledger.Lost["corrupt"] != 5 || ledger.Requests != 3 || ledger.ParkedUntilMs != 77 {
		t.Errorf("the ledger: %+v", ledger)
	}
	if left := segments(s.dir, segmentEnding); len(left) > 0 || s.waiting() != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestARecordIsEnteredOnceThoughItIsStillThere(t *testing.T) {
	s, counts := testSpool(t)
	if err := leaveNews(s.dir, ledger{Requests: 2, Delivered: 3, Unconfirmed: 1, Lost: map[string]int64{"memory_full": 4}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	name := segments(s.dir, doneEnding)[0]
	text, err := os.ReadFile(s.path(name, doneEnding))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		claimAll(t, s, counts, time.Now()).finish(0)
		l := readLedger(s.dir)
		if l.Requests != 2 || l.Delivered != 3 || l.Unconfirmed != 1 || l.Lost["memory_full"] != 4 {
			t.Errorf("the ledger: %+v", l)
		}
		// A process that died before it could remove it.
		if len(segments(s.dir, doneEnding)) > 0 {
			t.Error("the record is still there")
		}
		if len(l.Entered) > 0 {
			if err := os.WriteFile(s.path(name, doneEnding), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestWhatLooksTooOldForADayIsGivenUp(t *testing.T) {
	s, counts := testSpool(t, `{"n":1}`, `{"n":2}`)
	now := time.Now()
	later := now.Add(31 * day)
	claimAll(t, s, counts, later).finish(0)
	if s.waiting() != 2 {
		t.Error("it had looked old for no time")
	}
	claimAll(t, s, counts, now).finish(0) // the clock was wrong
	if text, _ := os.ReadFile(filepath.Join(s.dir, "upload.lock")); len(text) > 0 {
		t.Errorf("the lock's file says %q", text)
	}
	claimAll(t, s, counts, later).finish(0)
	claimAll(t, s, counts, later.Add(day-time.Second)).finish(0)
	if s.waiting() != 2 {
		t.Error("it had looked old for less than a day")
	}
	claimAll(t, s, counts, later.Add(day+time.Second)).finish(0)
	if s.waiting() != 0 || readLedger(s.dir).Lost["expired"] != 2 || counts.own.Lost["expired"] != 2 {
		t.Errorf("left: %d, %+v", s.waiting(), readLedger(s.dir))
	}
}

func TestWhatCrashesLeftBehindIsSwept(t *testing.T) {
	s, counts := testSpool(t, `{"n":1}`)
	old := time.Now().Add(-2 * day)
	for _, name := range []string{"1-12345678.v1.live", ".x.tmp", "mine.tmp", ".young.tmp"} {
		path := filepath.Join(s.dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name != ".young.tmp" {
			os.Chtimes(path, old, old)
		}
	}
	claimAll(t, s, counts, time.Now()).finish(0)
	var left []string
	entries, _ := os.ReadDir(s.dir)
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), string(s.name)) {
			left = append(left, entry.Name())
		}
	}
	want := []string{".young.tmp", s.writer + liveEnding, "ledger.json", "mine.tmp", "upload.lock"}
	slices.Sort(want)
	want = slices.DeleteFunc(want, func(name string) bool { return name == "ledger.json" }) // nothing to tell
	if !slices.Equal(left, want) {
		t.Errorf("left: %v, want %v", left, want)
	}
}

func TestWhatIsAnothersIsNotTouched(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no modes there; a user's directories are kept to him by access lists, at which nobody looks here")
	}
	dir := t.TempDir()
	ours := filepath.Join(dir, "ours")
	if err := os.WriteFile(ours, []byte("on"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := readOurs(ours); string(text) != "on" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	if info, _ := os.Stat(ours); info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	link, writable := filepath.Join(dir, "link"), filepath.Join(dir, "writable")
	if err := os.Symlink(ours, link); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(writable, []byte("on"), 0o600)
	os.Chmod(writable, 0o666)
	for _, path := range []string{link, writable, dir} {
		if _, err := readOurs(path); err == nil || readChoice(path) != "unreadable" {
			t.Errorf("%s was read", path)
		}
		if err := appendTo(path, []byte("x")); err == nil {
			t.Errorf("%s was written", path)
		}
	}
	open := filepath.Join(dir, "open")
	os.Mkdir(open, 0o700)
	if err := checkPlace(filepath.Join(open, "state")); err != nil {
		t.Errorf("a place of ours: %v", err)
	}
	os.Chmod(open, 0o777)
	if checkPlace(filepath.Join(open, "state")) == nil || checkPlace(open) == nil {
		t.Error("a place of everybody's was taken")
	}
	os.Chmod(open, 0o777|os.ModeSticky)
	if err := checkPlace(filepath.Join(open, "state")); err != nil {
		t.Errorf("a place like /tmp: %v", err)
	}
	through := filepath.Join(dir, "through")
	os.Chmod(open, 0o777)
	os.Symlink(open, through)
	if checkPlace(filepath.Join(through, "state")) == nil {
		t.Error("a link led to a place of everybody's")
	}
}

func TestAFullDiskTakesNothingAndLosesNothing(t *testing.T) {
	s, _ := testSpool(t, `{"n":1}`)
	s.room = uint64(s.length) // as the kernel's limit for a file would have it
	if err := s.append([]byte("{\"n\":2}\n"), time.Now()); err != nil {
		t.Fatal(err)
	}
	if names := segments(s.dir, segmentEnding); len(names) != 2 || len(waiting(s.dir, names[0])) != 1 {
		t.Errorf("segments: %v", names)
	}
	s.maxEvents = 2
	if err := s.append([]byte("{}\n"), time.Now()); err != errFull {
		t.Errorf("the third: %v", err)
	}
	s.maxEvents, s.maxBytes = 3, s.bytes+2
	if err := s.append([]byte("{}\n"), time.Now()); err != errFull {
		t.Errorf("three bytes: %v", err)
	}
}

func TestNewUUIDsAreOfVersion7AndTheirTime(t *testing.T) {
	at := time.UnixMilli(1_795_198_236_493)
	seen := map[UUID]bool{}
	for range 1000 {
		uuid := uuidAt(at)
		if text := uuid.String(); text[:15] != "01a1fa27-374d-7" || strings.IndexByte("89ab", text[19]) < 0 || seen[uuid] {
			t.Fatal(text)
		}
		seen[uuid] = true
	}
}

func TestAWorkerThatPanicsIsNotStartedForEver(t *testing.T) {
	passes := 0
	w := worker{flushAt: 100, changed: make(chan struct{}), pass: func() pass { passes++; panic("a bad pass") }}
	for range maxPanics + 2 {
		if status := w.flush(time.Minute); status != Undelivered {
			t.Errorf("flush: %v", status)
		}
	}
	if passes != maxPanics || w.panics != maxPanics {
		t.Errorf("%d passes, %d panics", passes, w.panics)
	}
}
