package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// A record says what became of a stretch of events: a line `from to events word` of a .done file.
type record struct {
	from, to, events int64
	word             string
}

func (r record) String() string { return fmt.Sprintf("%d %d %d %s\n", r.from, r.to, r.events, r.word) }

// done is a .done file.
type done []record

func (d done) String() (text string) {
	for _, one := range d {
		text += one.String()
	}
	return text
}

// records reads one. What cannot be read counts as not done, so that it is delivered once more rather than never; a line
// without its line break was cut off by a crash.
func records(path string) (all done) {
	text, _ := system.Read(path)
	for line := range strings.Lines(string(text)) {
		line, whole := strings.CutSuffix(line, "\n")
		fields := strings.Split(line, " ")
		if !whole || len(fields) != 4 || fields[3] == "" || strings.Trim(fields[3], "abcdefghijklmnopqrstuvwxyz_") != "" {
			continue
		}
		from, err1 := strconv.ParseInt(fields[0], 10, 64)
		to, err2 := strconv.ParseInt(fields[1], 10, 64)
		events, err3 := strconv.ParseInt(fields[2], 10, 64)
		if errors.Join(err1, err2, err3) == nil && 0 <= from && from <= to && events >= 0 {
			all = append(all, record{from, to, events, fields[3]})
		}
	}
	return all
}

// contain says whether what stands at a place is done.
func (d done) contain(at int64) bool {
	return slices.ContainsFunc(d, func(r record) bool { return r.from <= at && at < r.to })
}

func (d done) bytes() (bytes int64) {
	for _, r := range d {
		bytes += r.to - r.from
	}
	return bytes
}

// appendRecords adds to a .done file. It begins with a line break, because the disk may have been full in the middle of
// the line before.
func appendRecords(path string, all done) error {
	return system.Append(path, []byte("\n"+all.String()))
}

// canAppendRecords: not in a directory that was made read-only. Yes on a full disk: delivering is what makes room there.
func canAppendRecords(path string) bool {
	err := system.Append(path, nil)
	return !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EISDIR)
}
