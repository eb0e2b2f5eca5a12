package spool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// The endings of a spool's files. The version of the format is in each: another version's are not ours to touch.
const (
	segmentEnding = ".v1.jsonl"
	doneEnding    = ".v1.done"
	liveEnding    = ".v1.live"
)

// A segmentName is <unix ms>-<pid>-<8 hex>: when a segment was begun, and by which writer. Names sort by time.
type segmentName string

func (n segmentName) writer() string {
	_, writer, _ := strings.Cut(string(n), "-")
	return writer
}

func (n segmentName) begun() int64 {
	ms, _, _ := strings.Cut(string(n), "-")
	begun, _ := strconv.ParseInt(ms, 10, 64)
	return begun
}

func (n segmentName) in(dir, ending string) string { return filepath.Join(dir, string(n)+ending) }

func nameSegment(ms int64, writer string) segmentName {
	return segmentName(fmt.Sprintf("%013d-%s", ms, writer))
}

// nameWriter names a writer: the process, for people who look, and enough randomness that no two are alike.
func nameWriter() string { return fmt.Sprintf("%d-%s", os.Getpid(), identity.Random().String()[:8]) }

func isSegmentName(text string) bool {
	parts := strings.Split(text, "-")
	if len(parts) != 3 || strings.Trim(parts[0]+parts[1], "0123456789") != "" || parts[1] == "" || len(parts[2]) != 8 {
		return false
	}
	ms, err := strconv.ParseInt(parts[0], 10, 64)
	// A number with other leading zeros would be read from one file and written to another.
	return err == nil && strings.Trim(parts[2], "0123456789abcdefABCDEF") == "" && fmt.Sprintf("%013d", ms) == parts[0]
}

// segments gives those of a spool, oldest first; with doneEnding those whose record is there.
func segments(dir, ending string) (names []segmentName) {
	for _, name := range system.NamesEnding(dir, ending) {
		if isSegmentName(name) {
			names = append(names, segmentName(name))
		}
	}
	slices.Sort(names)
	return names
}

// A reading is a segment as it was read: what waits in it, and how much of that is not settled.
type reading struct {
	name      segmentName // empty for what waits in memory
	length    int64       // of the file
	end       int64       // up to where its lines are whole; a line counts only with its line break
	lines     []line      // to be sent
	unsettled int
	read      bool
	left      bool // for a later reading: it cannot be read now, or may not be marked as sent
	mayBeSent bool // it can be marked as sent
}

// A line lies from..to, with its line break, and has this text, without it. In memory, from is its number.
type line struct {
	from, to int64
	text     []byte
}

// load reads a segment whole: it is some 1 MiB long. Who reads does not need the right to deliver.
func (r *reading) load(dir string) {
	r.read = true
	path := r.name.in(dir, segmentEnding)
	text, err := system.Read(path)
	if err != nil {
		info, missing := os.Lstat(path)
		r.left = missing == nil && info.Mode().IsRegular()
		r.length = -1
		return
	}
	r.length = int64(len(text))
	done := records(r.name.in(dir, doneEnding))
	for {
		size := int64(bytes.IndexByte(text, '\n')) + 1
		if size == 0 {
			r.unsettled = len(r.lines)
			return
		}
		if !done.contain(r.end) {
			r.lines = append(r.lines, line{r.end, r.end + size, text[: size-1 : size-1]})
		}
		r.end, text = r.end+size, text[size:]
	}
}

// isDelivered: every whole line was read and needs no more delivery.
func (r *reading) isDelivered() bool {
	return r.name != "" && r.read && !r.left && r.length >= 0 && r.unsettled == 0
}

// waiting gives what waits in a segment.
func waiting(dir string, name segmentName) []line {
	r := reading{name: name}
	r.load(dir)
	return r.lines
}

// countWaiting gives how many events wait, and how many bytes.
func countWaiting(dir string) (events, bytes int64) {
	for _, name := range segments(dir, segmentEnding) {
		events += int64(len(waiting(dir, name)))
	}
	return events, waitingBytes(dir)
}

// waitingBytes gives how much waits, by the sizes of files.
func waitingBytes(dir string) (bytes int64) {
	for _, name := range segments(dir, segmentEnding) {
		if info, err := os.Stat(name.in(dir, segmentEnding)); err == nil {
			bytes += max(info.Size()-records(name.in(dir, doneEnding)).bytes(), 0)
		}
	}
	return bytes
}
