package overt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// children are what this binary does instead of its tests when OVERT_TEST_CHILD names one, with OVERT_TEST_ARGUMENT.
var children = map[string]func(argument string){}

// examplesDir holds the state of the examples.
var examplesDir string

func TestMain(m *testing.M) {
	if os.Getenv("OVERT_TEST_CHILD") != "late" {
		overt.UploaderMain()
	}
	// Consent and delivery must not depend on the machine.
	for _, variable := range []string{"CI", "TELEMETRY_ENABLED", "DO_NOT_TRACK", "OVERT_DEBUG"} {
		os.Unsetenv(variable)
	}
	if child := children[os.Getenv("OVERT_TEST_CHILD")]; child != nil {
		child(os.Getenv("OVERT_TEST_ARGUMENT"))
		os.Exit(0)
	}
	dir, err := os.MkdirTemp("", "overt-examples")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	examplesDir = dir
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// files gives all files below a directory.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
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
