//go:build cgo && overt_both

package overt

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const countersFile = `metric_points:
    pace get data-policy:
        0:
            cumulative_count: 2
        1:
            cumulative_count: 71
    "pace: größe":
        -1:
            cumulative_count: 12345
    pace version:
        0:
            cumulative_count: 1
cli_version: v1.16.0
operating_system: darwin
id: 36be4c46-4e1b-431d-b9db-1b315f537a85
schema: 1
`

// counted is what a back end makes of a file: the status, the file then, what was put aside, the counts, and the ID.
func counted(t *testing.T, before string, pure bool) string {
	t.Helper()
	dir := t.TempDir()
	config := bothConfig(t)
	config.CountersPath, config.CountersInterval = filepath.Join(dir, "telemetry.yaml"), Duration(-1)
	id := filepath.Join(config.StateDir, "client_id")
	for path, content := range map[string]string{config.CountersPath: before, id: someUUID} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	core, client := openBoth(t, config)
	status, counts := Status(0), ""
	if pure {
		status = Status(client.RecordCommand("pace version", 0))
		id, _ = client.ClientID()
		counts = client.Counters()
	} else {
		status = core.RecordCommand("pace version", 0)
		id, _ = core.ClientID()
		counts = core.Counters()
	}
	after, _ := os.ReadFile(config.CountersPath)
	aside, _ := os.ReadFile(config.CountersPath + ".bad")
	return fmt.Sprintf("%v\n%s%q\n%s\n%s", status, after, aside, counts, id)
}

// disputed is what one library takes for YAML and the other does not: a tab in an indentation, a line that begins with a
// colon, an anchor whose name has a colon or a dot in it, and a document without its mark behind the end of another.
var disputed = regexp.MustCompile(`(?m)^ +\t|^ *:|&\S*[:.]|^\.\.\.`)

func TestEachDamagedFileOfCountersBecomesTheSameInBoth(t *testing.T) {
	files := []string{strings.ReplaceAll(countersFile, "\n", "\r\n"), countersFile + "schema: 2\n"}
	for end := range len(countersFile) {
		files = append(files, countersFile[:end]) // cut off
		if end%7 == 0 {
			files = append(files, countersFile[:end]+strings.Repeat("\x00", 99), countersFile[:end]+"\xff"+countersFile[end:])
		}
	}
	lines := strings.SplitAfter(countersFile, "\n")
	for n := range lines {
		for _, instead := range []string{
			"", lines[n] + lines[n], "}\n" + lines[n], "\n", "garbage\n" + lines[n], "<<<<<<< HEAD\n" + lines[n], " " + lines[n],
			"\x1b" + lines[n], "&a " + lines[n], "\"" + lines[n],
		} {
			files = append(files, strings.Join(append(append(append([]string{}, lines[:n]...), instead), lines[n+1:]...), ""))
		}
	}
	files = append(files, mutated(500)...)
	differ := 0
	for _, file := range files {
		ours, theirs := counted(t, file, true), counted(t, file, false)
		if ours != theirs {
			differ++
		}
		if ours != theirs && !disputed.MatchString(file) {
			t.Errorf("%q became\n%s\nin the core\n%s", file, ours, theirs)
		}
	}
	t.Logf("%d of %d files are YAML to one library alone", differ, len(files))
}

// meaning is what means something to YAML, or is forbidden.
var meaning = strings.Split(
	"\n|\r|\t| |    |: |:|#| #|\"|'|{|}|[|]|- |? |&a |*a|!|>|%|@|\x00|\ufeff|\u2028|\\|---\n|...\n|~|null|,", "|")

// mutated gives files with one to three faults each, the same in each run.
func mutated(n int) (files []string) {
	random := rand.New(rand.NewPCG(1, 2))
	for range n {
		file := []byte(countersFile)
		for range 1 + random.IntN(3) {
			from := random.IntN(len(file)) // no three faults take all of it
			to := min(from+1+random.IntN(20), len(file))
			lines := bytes.SplitAfter(file, []byte{'\n'})
			one, other := random.IntN(len(lines)), random.IntN(len(lines))
			switch random.IntN(8) {
			case 0: // a bit
				file[from] ^= 1 << random.IntN(8)
			case 1: // a byte
				file[from] = byte(random.IntN(256))
			case 2: // a piece is lost
				file = slices.Delete(file, from, to)
			case 3: // a piece is there twice
				file = slices.Insert(file, to, bytes.Clone(file[from:to])...)
			case 4:
				something := meaning[random.IntN(len(meaning))]
				file = slices.Insert(file, from, []byte(something)...)
			case 5:
				lines[one], lines[other] = lines[other], lines[one]
				file = bytes.Join(lines, nil)
			case 6: // a line twice
				file = bytes.Join(slices.Insert(lines, other, lines[one]), nil)
			case 7: // a line is lost
				file = bytes.Join(slices.Delete(lines, one, one+1), nil)
			}
		}
		files = append(files, string(file))
	}
	return files
}
