package overtcobra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// children are what this binary does instead of its tests when OVERT_TEST_CHILD names one, in the directory
// OVERT_TEST_DIR.
var children = map[string]func(){}

func TestMain(m *testing.M) {
	// Consent must not depend on the machine.
	for _, variable := range []string{"CI", "TELEMETRY_ENABLED", "DO_NOT_TRACK", "OVERT_DEBUG"} {
		os.Unsetenv(variable)
	}
	if child := children[os.Getenv("OVERT_TEST_CHILD")]; child != nil {
		child()
		return
	}
	os.Exit(m.Run())
}

// config counts in a directory and tells nobody.
func config(dir string) overt.Config {
	return overt.Config{
		App: "pace", AppVersion: "v1.16.0", InCI: true, StateDir: filepath.Join(dir, "state"),
		CountersPath: filepath.Join(dir, "config", "telemetry.yaml"), CountersInterval: overt.Duration(-1),
	}
}

func open(t *testing.T, config overt.Config) *overt.Client {
	t.Helper()
	client, err := overt.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// counts gives what a client has counted: "pace get 0×2, pace list 1×1", sorted.
func counts(client *overt.Client) string {
	text := client.Counters()
	if text == "" {
		return ""
	}
	var document struct {
		Points map[string]map[int]struct {
			Count int `json:"cumulative_count"`
		} `json:"metric_points"`
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return err.Error()
	}
	var runs []string
	for _, path := range slices.Sorted(maps.Keys(document.Points)) {
		for _, code := range slices.Sorted(maps.Keys(document.Points[path])) {
			runs = append(runs, fmt.Sprintf("%s %d×%d", path, code, document.Points[path][code].Count))
		}
	}
	return strings.Join(runs, ", ")
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func files(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// tempDir gives a directory for one test. Under Wine a file that is open keeps its directory from going, so that the end of
// TempDir's would fail: a client has files open for as long as it lives.
func tempDir(tb testing.TB) string {
	tb.Helper()
	if runtime.GOOS != "windows" {
		return tb.TempDir()
	}
	dir, err := os.MkdirTemp("", "overt")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
