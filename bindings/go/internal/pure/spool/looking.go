package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// What people, and later processes, can see of a spool. Who looks needs no right to deliver.

// Pending gives what waits on disk, damaged lines among it, oldest segment first.
func Pending(dir string) (lines []string) {
	for _, name := range segments(dir, segmentEnding) {
		for _, line := range waiting(dir, name) {
			lines = append(lines, strings.ToValidUTF8(string(line.text), "\uFFFD"))
		}
	}
	return lines
}

// Oldest says when the oldest segment was begun; false if there is none.
func Oldest(dir string) (begun time.Time, any bool) {
	names := segments(dir, segmentEnding)
	if len(names) == 0 {
		return begun, false
	}
	return time.UnixMilli(names[0].begun()), true
}

// ParkedFor says for how long what waits is to rest.
func ParkedFor(dir string, now time.Time) time.Duration {
	parked := time.UnixMilli(ReadLedger(dir).ParkedUntilMs).Sub(now)
	if parked > ParkTime {
		return 0 // a clock that was set back must not park for years
	}
	return max(parked, 0)
}

// maxSentBytes: a file of sent events is put aside at this size, and the one that was put aside before goes.
const maxSentBytes = 256 << 10

func sentPaths(dir string) (last, before string) {
	return filepath.Join(dir, "sent.jsonl"), filepath.Join(dir, "sent.1.jsonl")
}

// keepSent keeps events that were sent, for people to read, or removes what is kept; if it cannot, nothing else changes.
func keepSent(dir string, sent Batch, keep bool) {
	last, before := sentPaths(dir)
	if !keep {
		_, _ = system.Remove(last), system.Remove(before)
		return
	}
	if info, err := os.Stat(last); err == nil && info.Size() >= maxSentBytes {
		_ = system.Rename(last, before)
	}
	var text []byte
	for _, one := range sent {
		text = append(append(text, one.text...), '\n')
	}
	_ = system.Append(last, text)
}

// Sent gives the last events that were sent, oldest first, each with a line break.
func Sent(dir string) string {
	last, before := sentPaths(dir)
	older, _ := system.Read(before)
	newer, _ := system.Read(last)
	return string(bytes.ToValidUTF8(append(older, newer...), []byte("\uFFFD")))
}
