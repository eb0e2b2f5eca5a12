//go:build cgo && linux

package overt_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// A tool is a run of this binary that records one event and ends.
type tool struct {
	Endpoint, StateDir      string
	Consent, DefaultConsent *bool
}

func (t tool) config() overt.Config {
	return overt.Config{
		App: "scenario", APIKey: "phc_test", Endpoint: t.Endpoint, StateDir: t.StateDir, InCI: true,
		Consent: t.Consent, DefaultConsent: t.DefaultConsent, DetachedUpload: true,
	}
}

func init() {
	children["tool"] = func(argument string) {
		var t tool
		if err := json.Unmarshal([]byte(argument), &t); err != nil {
			panic(err)
		}
		client, err := overt.New(t.config())
		if err != nil {
			panic(err)
		}
		fmt.Println(client.CaptureEvent("left", nil).Status == overt.OK)
		client.Close()
		os.Exit(7)
	}
	// Named in TestMain: it has not called UploaderMain.
	children["late"] = func(string) {
		client, err := overt.New(tool{}.config())
		fmt.Println(client == nil, err)
	}
}

// run runs the tool to the end of its output, with one descriptor more than it knows of, and gives what it said.
func (t tool) run(test *testing.T) string {
	test.Helper()
	argument, err := json.Marshal(t)
	if err != nil {
		test.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		test.Fatal(err)
	}
	defer read.Close()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "OVERT_TEST_CHILD=tool", "OVERT_TEST_ARGUMENT="+string(argument))
	child.ExtraFiles = []*os.File{write}
	child.Stderr = os.Stderr
	said, _ := child.Output()
	equal(test, "exit code", child.ProcessState.ExitCode(), 7)
	write.Close()
	// Sooner than the uploader's request would end by itself.
	if err := read.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		test.Fatal(err)
	}
	if _, err := read.Read(make([]byte, 1)); err != io.EOF {
		test.Errorf("somebody holds the pipe: %v", err)
	}
	return strings.TrimSpace(string(said))
}

// processes gives the directories in /proc of those that a function finds.
func processes(t *testing.T, wanted func(proc string) bool) []string {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(proc string) bool { return !wanted(proc) })
}

// isUploaderOf says whether a process has been started for a state directory.
func isUploaderOf(dir string) func(proc string) bool {
	return func(proc string) bool {
		line, _ := os.ReadFile(proc + "/cmdline") // a process may have gone
		return slices.Contains(strings.Split(string(line), "\x00"), dir)
	}
}

func isOurChild(proc string) bool {
	status, _ := os.ReadFile(proc + "/status")
	return strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", os.Getpid()))
}

func waitUntilNone(t *testing.T, wanted func(proc string) bool) {
	t.Helper()
	for ctx := patience(t); ; time.Sleep(10 * time.Millisecond) {
		left := processes(t, wanted)
		if len(left) == 0 {
			return
		}
		if ctx.Err() != nil {
			status, _ := os.ReadFile(left[0] + "/status")
			t.Fatalf("%v are left: %s", left, status)
		}
	}
}

func TestWhatAShortRunLeavesIsDeliveredByTheProgramStartedAgain(t *testing.T) {
	s := (&server{status: 200, hold: make(chan struct{})}).start(t)
	run := tool{Endpoint: s.url, StateDir: t.TempDir()}
	equal(t, "recorded", run.run(t), "true")
	select {
	case <-s.arrived:
	case <-patience(t).Done():
		t.Fatal("nothing arrived")
	}
	equal(t, "name", s.one(t).Name, "left")

	uploaders := processes(t, isUploaderOf(run.StateDir))
	if len(uploaders) != 1 {
		t.Fatalf("uploaders: %v", uploaders)
	}
	descriptors, err := os.ReadDir(uploaders[0] + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, descriptor := range descriptors {
		to, _ := os.Readlink(filepath.Join(uploaders[0], "fd", descriptor.Name()))
		if strings.HasPrefix(to, "pipe:") || descriptor.Name() <= "2" && len(descriptor.Name()) == 1 && to != os.DevNull {
			t.Errorf("the uploader has %s: %s", descriptor.Name(), to)
		}
	}
	// Another run finds that one lives.
	equal(t, "recorded", run.run(t), "true")
	equal(t, "uploaders", len(processes(t, isUploaderOf(run.StateDir))), 1)
	close(s.hold)
	waitUntilNone(t, isUploaderOf(run.StateDir))
}

func TestAHostThatLivesOnHasNoZombie(t *testing.T) {
	s := serve(t)
	config := tool{Endpoint: s.url, StateDir: t.TempDir()}.config()
	client := open(t, config)
	record(t, client, "left", nil)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if len(processes(t, isOurChild)) == 0 && len(s.requests()) == 0 {
		t.Error("no process was started")
	}
	waitUntilNone(t, isOurChild)
	equal(t, "name", s.one(t).Name, "left")
}

func TestTheHostsConsentGoesWithTheUploader(t *testing.T) {
	s := serve(t)
	run := tool{Endpoint: s.url, StateDir: t.TempDir(), Consent: overt.Bool(true), DefaultConsent: overt.Bool(false)}
	equal(t, "recorded", run.run(t), "true")
	waitUntilNone(t, isUploaderOf(run.StateDir))
	equal(t, "name", s.one(t).Name, "left")
}

func TestWhileOffNoProcessIsStarted(t *testing.T) {
	s := serve(t)
	run := tool{Endpoint: s.url, StateDir: t.TempDir(), Consent: overt.Bool(false)}
	equal(t, "recorded", run.run(t), "false")
	equal(t, "uploaders", len(processes(t, isUploaderOf(run.StateDir))), 0)
	if left := files(t, run.StateDir); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
}

func TestDetachedUploadNeedsTheEarlyCall(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "OVERT_TEST_CHILD=late")
	said, err := child.Output()
	equal(t, "error", err, nil)
	equal(t, "said", string(said), "true overt: detached_upload: main does not begin with UploaderMain\n")
}
