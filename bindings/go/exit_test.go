//go:build linux

package overt_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// An ending is a run of this binary that records, waits for its stdin's end, and ends in the named way. It says on
// stdout nothing, and tells of each event by one write to a file.
type ending struct {
	Way, Endpoint, StateDir, Log string
	ExitTimeout                  time.Duration
}

// never is longer than any patience of a test.
const never = time.Hour

// ways are those in which a Go program can end, with the exit code, or the signal.
var ways = []struct {
	name   string
	code   int
	signal syscall.Signal
}{
	{"return", 0, 0},
	{"Close", 0, 0},
	{"os.Exit", 3, 0},
	{"panic", 2, 0},
	{"goroutines", 0, 0},
	{"exec", 6, 0},
	{"SIGTERM", -1, syscall.SIGTERM},
	{"SIGINT", -1, syscall.SIGINT},
	{"SIGKILL", -1, syscall.SIGKILL},
}

func init() {
	children["ending"] = func(argument string) {
		var e ending
		if err := json.Unmarshal([]byte(argument), &e); err != nil {
			panic(err)
		}
		log, err := os.OpenFile(e.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			panic(err)
		}
		client, err := overt.New(overt.Config{
			App: "scenario", APIKey: "phc_test", Endpoint: e.Endpoint, StateDir: e.StateDir, InCI: true, FlushAt: 1,
			Timeout: never, ConnectTimeout: never, ExitTimeout: e.ExitTimeout,
		})
		if err != nil {
			panic(err)
		}
		tell := func(name string) {
			if captured := client.CaptureEvent(name, nil); captured.Status == overt.OK {
				fmt.Fprintln(log, captured.UUID())
			}
		}
		tell("first")
		io.Copy(io.Discard, os.Stdin)
		tell("last")
		e.end(client, tell)
	}
}

func (e ending) end(client *overt.Client, tell func(string)) {
	signal := func(signal syscall.Signal) {
		syscall.Kill(os.Getpid(), signal)
		time.Sleep(never)
	}
	switch e.Way {
	case "Close":
		client.Close()
	case "os.Exit":
		os.Exit(3)
	case "panic":
		os.Stderr.Close() // what Go says of a panic is not overt's
		panic("the host's own")
	case "goroutines":
		for range 4 {
			go func() {
				for {
					tell("on")
				}
			}()
		}
		time.Sleep(time.Millisecond)
	case "exec":
		syscall.Exec("/bin/sh", []string{"sh", "-c", "exit 6"}, os.Environ())
	case "SIGTERM":
		signal(syscall.SIGTERM)
	case "SIGINT":
		signal(syscall.SIGINT)
	case "SIGKILL":
		signal(syscall.SIGKILL)
	}
}

func newEnding(t *testing.T, way string, s *server) ending {
	t.Helper()
	dir := t.TempDir()
	return ending{Way: way, Endpoint: s.url, StateDir: filepath.Join(dir, "state"), Log: filepath.Join(dir, "log")}
}

// run runs it until its pipes and it have ended, as soon as its first request has come. Whoever hangs is killed.
func (e ending) run(t *testing.T, s *server) *os.ProcessState {
	t.Helper()
	argument, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(patience(t), os.Args[0])
	child.Env = append(os.Environ(), "OVERT_TEST_CHILD=ending", "OVERT_TEST_ARGUMENT="+string(argument))
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	child.Stdout, child.Stderr = &said, &said
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.arrived:
	case <-patience(t).Done():
		t.Error("nothing arrived")
	}
	stdin.Close()
	_ = child.Wait() // how it ended is for the caller
	equal(t, "said", said.String(), "")
	return child.ProcessState
}

func (e ending) recorded(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(e.Log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// deliver does what a later run would, and counts how often each event is with the server, requests before `since` left
// out.
func (e ending) deliver(t *testing.T, s *server, since int) map[string]int {
	t.Helper()
	config := s.config(t)
	config.StateDir = e.StateDir
	flush(t, open(t, config))
	arrived := map[string]int{}
	for _, request := range s.requests()[since:] {
		for _, event := range request.body.Batch {
			arrived[event.UUID]++
		}
	}
	for _, uuid := range e.recorded(t) {
		if arrived[uuid] == 0 {
			t.Errorf("%s is missing", uuid)
		}
	}
	return arrived
}

func assertEnded(t *testing.T, state *os.ProcessState, code int, signal syscall.Signal) {
	t.Helper()
	equal(t, "exit code", state.ExitCode(), code)
	if status := state.Sys().(syscall.WaitStatus); status.Signaled() || signal != 0 {
		equal(t, "signal", status.Signal(), signal)
	}
}

func TestAProgramEndsAsItWouldWhileAServerNeverAnswers(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			s := (&server{status: 200, hold: make(chan struct{})}).start(t)
			e := newEnding(t, way.name, s)
			// The server holds its answer until the program is seen to have ended.
			assertEnded(t, e.run(t, s), way.code, way.signal)
			unanswered := len(s.requests())
			close(s.hold)
			for uuid, times := range e.deliver(t, s, unanswered) {
				equal(t, uuid, times, 1)
			}
		})
	}
}

func TestAProgramEndsAsItWouldWhileAServerAnswers(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			s := serve(t)
			e := newEnding(t, way.name, s)
			assertEnded(t, e.run(t, s), way.code, way.signal)
			// The request that the end of the program cut off is made again, under the same UUIDs.
			for uuid, times := range e.deliver(t, s, 0) {
				if times > 2 {
					t.Errorf("%s was sent %d times", uuid, times)
				}
			}
		})
	}
}

func TestCloseHasOneBudgetAndLessOfItAfterEachInVain(t *testing.T) {
	s := (&server{status: 200, hold: make(chan struct{})}).start(t)
	t.Cleanup(func() { close(s.hold) })
	e := newEnding(t, "Close", s)
	e.ExitTimeout = 300 * time.Millisecond
	for _, inVain := range []string{"1", "2", "3"} {
		assertEnded(t, e.run(t, s), 0, 0)
		found, err := filepath.Glob(filepath.Join(e.StateDir, "spool", "*", "cooldown"))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		counted, _, _ := strings.Cut(string(text), " ")
		equal(t, "exits in vain", counted, inVain)
	}
}

func TestCloseSaysWhatItWaitedForInVain(t *testing.T) {
	s := (&server{status: 503}).start(t)
	config := s.config(t)
	config.ExitTimeout, config.MaxRetries = time.Minute, overt.Int(0)
	client := open(t, config)
	record(t, client, "one", nil)
	equal(t, "close", client.Close(), error(overt.Undelivered))
}
