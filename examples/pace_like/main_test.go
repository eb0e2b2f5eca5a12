package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// With PACE_LIKE this binary is pace.
func TestMain(m *testing.M) {
	if os.Getenv("PACE_LIKE") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestWhatIsCountedAfterAKnownRun(t *testing.T) {
	for name, atOnce := range map[string]int{"one after the other": 1, "8 at once": 8} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			run(t, dir, atOnce, "TELEMETRY_ENABLED=1")
			got := read(t, filepath.Join(dir, "telemetry.yaml"))
			got = regexp.MustCompile(`id: [0-9a-f-]{36}\n`).ReplaceAllString(got, "id: 36be4c46-4e1b-431d-b9db-1b315f537a85\n")
			want := strings.Replace(read(t, "telemetry.yaml"), "operating_system: linux", "operating_system: "+runtime.GOOS, 1)
			if got != want {
				t.Errorf("counted:\n%s", got)
			}
		})
	}
}

func TestNothingIsLeftBehindWhileOff(t *testing.T) {
	for _, off := range []string{"PACE_TELEMETRY=0", "DO_NOT_TRACK=1"} {
		dir := t.TempDir()
		run(t, dir, 1, off)
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Error(off, entries, err)
		}
	}
}

// run runs every line of runs.txt, so many at once.
func run(t *testing.T, dir string, atOnce int, variable string) {
	t.Helper()
	lines := make(chan string)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for line := range lines {
				pace := exec.Command(os.Args[0], strings.Fields(line)...)
				pace.Env = []string{"PACE_LIKE=1", "PACE_CONFIG_PATH=" + dir, "XDG_STATE_HOME=" + dir, "HOME=" + dir, variable,
					"PACE_TELEMETRY_INTERVAL=-1", "GORACE=atexit_sleep_ms=0"} // the race detector's processes wait for a second
				out, err := pace.CombinedOutput()
				if exit, ended := err.(*exec.ExitError); err != nil && (!ended || exit.ExitCode() == 2) {
					t.Errorf("%s: %v: %s", line, err, out)
				}
			}
		})
	}
	for line := range strings.Lines(read(t, "runs.txt")) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
			lines <- line
		}
	}
	close(lines)
	all.Wait()
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
