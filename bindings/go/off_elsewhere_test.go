//go:build linux

package overt_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func init() {
	// A program that does as it is told on stdin, and says what came of it.
	children["running"] = func(argument string) {
		var config overt.Config
		if err := json.Unmarshal([]byte(argument), &config); err != nil {
			panic(err)
		}
		client, err := overt.New(config)
		if err != nil {
			panic(err)
		}
		defer client.Close()
		for words := bufio.NewScanner(os.Stdin); words.Scan(); {
			switch words.Text() {
			case "capture":
				fmt.Println(client.CaptureEvent("run", nil).UUID())
			case "flush":
				fmt.Println(client.Flush(nil))
			case "id":
				id, _ := client.ClientID()
				fmt.Println(id)
			}
		}
	}
}

type running struct {
	t     *testing.T
	child *exec.Cmd
	stdin io.WriteCloser
	says  *bufio.Scanner
}

func startRunning(t *testing.T, s *server, stateDir string) *running {
	t.Helper()
	argument, err := json.Marshal(map[string]any{
		"App": "scenario", "APIKey": "phc_test", "Endpoint": s.url, "StateDir": stateDir, "InCI": true, "FlushAt": 1,
		"MaxRetries": 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(patience(t), os.Args[0])
	child.Env = append(os.Environ(), "OVERT_TEST_CHILD=running", "OVERT_TEST_ARGUMENT="+string(argument))
	child.Stderr = os.Stderr
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return &running{t, child, stdin, bufio.NewScanner(stdout)}
}

func (r *running) tell(word string) string {
	r.t.Helper()
	fmt.Fprintln(r.stdin, word)
	if !r.says.Scan() {
		r.t.Fatal("it has ended: ", r.says.Err())
	}
	return r.says.Text()
}

// captureUntilOff: it looks once a second whether somebody has changed their mind.
func (r *running) captureUntilOff() {
	r.t.Helper()
	for ctx := patience(r.t); r.tell("capture") != ""; time.Sleep(50 * time.Millisecond) {
		if ctx.Err() != nil {
			r.t.Fatal("it goes on recording")
		}
	}
}

func (r *running) end() {
	r.t.Helper()
	r.stdin.Close()
	if err := r.child.Wait(); err != nil {
		r.t.Error(err)
	}
}

// anotherTerminal gives what runs overt there.
func anotherTerminal(t *testing.T) (command func(verb, stateDir string)) {
	t.Helper()
	program := os.Getenv("OVERT_COMMAND")
	if program == "" {
		t.Fatal("OVERT_COMMAND is unset: run the tests by with-overt.sh")
	}
	return func(verb, stateDir string) {
		t.Helper()
		output, err := exec.Command(program, verb, "--app", "scenario", "--state-dir", stateDir).CombinedOutput()
		if err != nil {
			t.Fatalf("overt %s: %v\n%s", verb, err, output)
		}
	}
}

func TestOffInAnotherTerminalStopsARunningProgramAndOnStartsClean(t *testing.T) {
	command := anotherTerminal(t) // before there is a server that waits
	s := (&server{status: 503, hold: make(chan struct{})}).start(t)
	dir := filepath.Join(t.TempDir(), "state")
	program := startRunning(t, s, dir)
	id, old := program.tell("id"), program.tell("capture")
	select {
	case <-s.arrived:
	case <-patience(t).Done():
		t.Fatal("nothing arrived")
	}
	if program.tell("capture") == "" {
		t.Error("it did not record while its thread sends")
	}
	command("off", dir)
	close(s.hold)
	program.tell("flush")
	program.captureUntilOff()
	equal(t, "client ID", program.tell("id"), "")
	equal(t, "requests", len(s.requests()), 1)
	left := files(t, dir)
	if len(left) != 1 || filepath.Base(left[0]) != "consent" {
		t.Errorf("there is %v", left)
	}

	command("on", dir)
	s.status = 200
	later := startRunning(t, s, dir)
	newID, fresh := later.tell("id"), later.tell("capture")
	equal(t, "flush", later.tell("flush"), "<nil>")
	// Who was stopped stays so.
	equal(t, "captured", program.tell("capture"), "")
	program.end()
	later.end()
	if newID == id || fresh == old {
		t.Errorf("not new: %s, %s", newID, fresh)
	}
	after := s.events()[1:]
	if len(after) != 1 || after[0].UUID != fresh || after[0].DistinctID != newID {
		t.Errorf("sent after on: %v", after)
	}
}
