package counters

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/jsontext"
)

const (
	// schema is the form that we write; a file that says a larger number is a later version's.
	schema = 1
	// maxCommandBytes is five times the longest path that real tools have.
	maxCommandBytes = 200
	// maxPoints, one for each command and exit code: ten codes for each of 200 commands.
	maxPoints = 2_000
	maxCount  = math.MaxInt64
	// maxVersionRunes: a version that is longer is cut.
	maxVersionRunes = 100
)

// points are counts by command and exit code.
type points map[string]map[int32]uint64

// A Document is what the counters' file holds.
type Document struct {
	points          points
	version         string // the tool's at the last count; may be empty
	operatingSystem string // where the file was made, by Go's name for it
	id              string // the client ID; empty if there is none yet
}

// IsCommand says whether it can be a command's path.
func IsCommand(path string) bool {
	return 0 < len(path) && len(path) <= maxCommandBytes && !strings.ContainsFunc(path, unicode.IsControl)
}

// ID gives the client ID; "" if there is none.
func (d *Document) ID() string { return d.id }

// HasCounts says whether anything was counted; a file may have an ID alone.
func (d *Document) HasCounts() bool { return len(d.points) > 0 }

// set sets a count, whether or not there is one.
func (p points) set(path string, code int32, count uint64) {
	if p[path] == nil {
		p[path] = map[int32]uint64{}
	}
	p[path][code] = count
}

// each calls with each count, sorted by command and code.
func (p points) each(call func(path string, code int32, count uint64)) {
	for _, path := range slices.Sorted(maps.Keys(p)) {
		for _, code := range slices.Sorted(maps.Keys(p[path])) {
			call(path, code, p[path][code])
		}
	}
}

// count counts a command. False: it would be one counter too many.
func (d *Document) count(path string, code int32) bool {
	before, known := d.points[path][code]
	if !known {
		counters := 0
		for _, codes := range d.points {
			counters += len(codes)
		}
		if counters >= maxPoints {
			return false
		}
	}
	d.points.set(path, code, min(before, maxCount-1)+1)
	return true
}

// takeOver takes over a count that was read; of two for the same the larger, because counts never fall.
func (d *Document) takeOver(path string, code int32, count uint64) {
	d.points.set(path, code, max(d.points[path][code], min(count, maxCount)))
}

// complete sets what the document says beside counts. A version that is empty leaves the one that stands there.
func (d *Document) complete(version, operatingSystem string, newID func() string) {
	kept := make([]rune, 0, maxVersionRunes)
	for _, r := range version {
		if len(kept) < maxVersionRunes && !unicode.IsControl(r) {
			kept = append(kept, r)
		}
	}
	if len(kept) > 0 {
		d.version = string(kept)
	}
	if d.operatingSystem == "" {
		d.operatingSystem = operatingSystem
	}
	if d.id == "" {
		d.id = newID()
	}
}

// JSON gives the same as JSON, whose keys are strings: the body of an upload.
func (d *Document) JSON() []byte {
	out := []byte(`{"metric_points":{`)
	for i, path := range slices.Sorted(maps.Keys(d.points)) {
		out = append(jsontext.AppendString(separated(out, i), path), ":{"...)
		for i, code := range slices.Sorted(maps.Keys(d.points[path])) {
			out = append(strconv.AppendInt(append(separated(out, i), '"'), int64(code), 10), `":{"cumulative_count":`...)
			out = append(strconv.AppendUint(out, d.points[path][code], 10), '}')
		}
		out = append(out, '}')
	}
	out = jsontext.AppendString(append(out, `},"cli_version":`...), d.version)
	out = jsontext.AppendString(append(out, `,"operating_system":`...), d.operatingSystem)
	out = jsontext.AppendString(append(out, `,"id":`...), d.id)
	return append(strconv.AppendInt(append(out, `,"schema":`...), schema, 10), '}')
}

func separated(out []byte, i int) []byte {
	if i > 0 {
		out = append(out, ',')
	}
	return out
}
