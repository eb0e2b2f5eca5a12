//go:build linux || darwin || windows

package pure

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
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

func TestAWorkerThatPanicsIsNotStartedForEver(t *testing.T) {
	passes := 0
	w := worker{flushAt: 100, changed: make(chan struct{}), pass: func() spool.Outcome { passes++; panic("a bad pass") }}
	for range maxPanics + 2 {
		if status := w.flush(time.Minute); status != Undelivered {
			t.Errorf("flush: %v", status)
		}
	}
	if passes != maxPanics || w.panics != maxPanics {
		t.Errorf("%d passes, %d panics", passes, w.panics)
	}
}

func TestNobodyWhoHasGoneKeepsPassesGoing(t *testing.T) {
	passes := make(chan bool, 10_000)
	w := worker{flushAt: 100, flushInterval: time.Hour, changed: make(chan struct{}), pass: func() spool.Outcome {
		passes <- true
		return spool.Busy
	}}
	if status := w.flush(3 * busyPause); status != Timeout {
		t.Errorf("flush: %v", status)
	}
	time.Sleep(2 * busyPause) // for one that was about to begin
	before := len(passes)
	time.Sleep(10 * busyPause)
	if before == 0 || len(passes) != before {
		t.Errorf("%d passes, then %d", before, len(passes))
	}
}

func TestNamesOfVariablesAreToldApartAsTheSystemDoes(t *testing.T) {
	t.Setenv("Overt_Test_Name", "1")
	if _, set := ofProcess().get("OVERT_TEST_NAME"); set != (runtime.GOOS == "windows") {
		t.Errorf("set: %v", set)
	}
	if value, _ := ofProcess().get("Overt_Test_Name"); value != "1" {
		t.Errorf("its value is %q", value)
	}
}
