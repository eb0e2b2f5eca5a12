package pure

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
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

func nameSegment(ms int64, writer string) segmentName {
	return segmentName(fmt.Sprintf("%013d-%s", ms, writer))
}

// newWriter names a writer: the process, for people who look, and enough randomness that no two are alike.
func newWriter() string { return fmt.Sprintf("%d-%s", os.Getpid(), randomUUID().String()[:8]) }

func isSegmentName(text string) bool {
	parts := strings.Split(text, "-")
	if len(parts) != 3 || strings.Trim(parts[0]+parts[1], "0123456789") != "" || parts[1] == "" || len(parts[2]) != 8 {
		return false
	}
	ms, err := strconv.ParseInt(parts[0], 10, 64)
	// A number with other leading zeros would be read from one file and written to another.
	return err == nil && strings.Trim(parts[2], "0123456789abcdefABCDEF") == "" && fmt.Sprintf("%013d", ms) == parts[0]
}

// namesEnding gives what stands before an ending in the names of a directory, in order; none if it cannot be read.
func namesEnding(dir, ending string) (names []string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if name, found := strings.CutSuffix(entry.Name(), ending); found {
			names = append(names, name)
		}
	}
	return names
}

// segments gives those of a spool, oldest first; with doneEnding those whose record is there.
func segments(dir, ending string) (names []segmentName) {
	for _, name := range namesEnding(dir, ending) {
		if isSegmentName(name) {
			names = append(names, segmentName(name))
		}
	}
	slices.Sort(names)
	return names
}

// A record says what became of a stretch of events: a line `from to events word` of a .done file.
type record struct {
	from, to, events int64
	word             string
}

func (r record) String() string { return fmt.Sprintf("%d %d %d %s\n", r.from, r.to, r.events, r.word) }

// records reads a .done file. What cannot be read counts as not done, so that it is delivered once more rather than never;
// a line without its line break was cut off by a crash.
func records(path string) (all []record) {
	text, _ := readOurs(path)
	for {
		line, rest, whole := strings.Cut(string(text), "\n")
		if !whole {
			return all
		}
		text = []byte(rest)
		fields := strings.Split(line, " ")
		if len(fields) != 4 || fields[3] == "" || strings.Trim(fields[3], "abcdefghijklmnopqrstuvwxyz_") != "" {
			continue
		}
		from, err1 := strconv.ParseInt(fields[0], 10, 64)
		to, err2 := strconv.ParseInt(fields[1], 10, 64)
		events, err3 := strconv.ParseInt(fields[2], 10, 64)
		if errors.Join(err1, err2, err3) == nil && 0 <= from && from <= to && events >= 0 {
			all = append(all, record{from, to, events, fields[3]})
		}
	}
}

// appendRecords adds to a .done file. It begins with a line break, because the disk may have been full in the middle of
// the line before.
func appendRecords(path string, all []record) error {
	text := "\n"
	for _, one := range all {
		text += one.String()
	}
	return appendTo(path, []byte(text))
}

// canAppendRecords: not in a directory that was made read-only. Yes on a full disk: delivering is what makes room there.
func canAppendRecords(path string) bool {
	err := appendTo(path, nil)
	return !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EISDIR)
}

// ranges are disjoint, from..to, in ascending order.
type ranges [][2]int64

func (r ranges) with(from, to int64) ranges {
	if from >= to {
		return r
	}
	r = append(r, [2]int64{from, to})
	slices.SortFunc(r, func(a, b [2]int64) int { return int(min(max(a[0]-b[0], -1), 1)) })
	joined := r[:1]
	for _, next := range r[1:] {
		if last := &joined[len(joined)-1]; next[0] <= last[1] {
			last[1] = max(last[1], next[1])
		} else {
			joined = append(joined, next)
		}
	}
	return joined
}

func (r ranges) contains(at int64) bool {
	return slices.ContainsFunc(r, func(one [2]int64) bool { return one[0] <= at && at < one[1] })
}

func (r ranges) length() (bytes int64) {
	for _, one := range r {
		bytes += one[1] - one[0]
	}
	return bytes
}

// covered: up to where everything is done from the beginning.
func (r ranges) covered() int64 {
	if len(r) > 0 && r[0][0] == 0 {
		return r[0][1]
	}
	return 0
}

func doneRanges(dir string, name segmentName) (done ranges) {
	for _, one := range records(filepath.Join(dir, string(name)+doneEnding)) {
		done = done.with(one.from, one.to)
	}
	return done
}

// A reading is a segment as it was read: what waits in it, and how much of it is done.
type reading struct {
	name         segmentName
	length       int64 // of the file
	end          int64 // up to where its lines are whole; a line counts only with its line break
	done         ranges
	lines        []line
	read         bool
	left         bool // for a later reading: it cannot be read now, or may not be marked as sent
	canBeMarked  bool
	markingAsked bool
}

// A line lies from..to, with its line break, and has this text, without it.
type line struct {
	from, to int64
	text     []byte
}

// load reads a segment whole: it is some 1 MiB long. Who reads does not need the right to deliver.
func (r *reading) load(dir string) {
	r.read = true
	path := filepath.Join(dir, string(r.name)+segmentEnding)
	text, err := readOurs(path)
	if err != nil {
		info, missing := os.Lstat(path)
		r.left = missing == nil && info.Mode().IsRegular()
		r.end = -1
		return
	}
	r.length, r.done = int64(len(text)), doneRanges(dir, r.name)
	for {
		size := int64(bytes.IndexByte(text, '\n')) + 1
		if size == 0 {
			return
		}
		if !r.done.contains(r.end) {
			r.lines = append(r.lines, line{r.end, r.end + size, text[: size-1 : size-1]})
		}
		r.end, text = r.end+size, text[size:]
	}
}

// isDelivered: every whole line was read and needs no more delivery.
func (r *reading) isDelivered() bool {
	return r.read && !r.left && r.end >= 0 && r.done.covered() >= r.end
}

// waiting gives what waits in a segment.
func waiting(dir string, name segmentName) []line {
	r := reading{name: name}
	r.load(dir)
	return r.lines
}

// waitingBytes gives how much waits, by the sizes of files.
func waitingBytes(dir string) (bytes int64) {
	for _, name := range segments(dir, segmentEnding) {
		if info, err := os.Stat(filepath.Join(dir, string(name)+segmentEnding)); err == nil {
			bytes += max(info.Size()-doneRanges(dir, name).length(), 0)
		}
	}
	return bytes
}
