//go:build cgo && overt_both

package overt

import (
	"fmt"
	"os"
	"path/filepath"
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
	for _, file := range files {
		if ours, theirs := counted(t, file, true), counted(t, file, false); ours != theirs {
			t.Errorf("%q became\n%s\nin the core\n%s", file, ours, theirs)
		}
	}
	t.Logf("%d files", len(files))
}
