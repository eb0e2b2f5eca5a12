package overt_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// What several processes of one tool do at once, on every platform: they share a directory, and some are killed.

const (
	sharers  = 3
	recorded = 60
	killed   = 4
)

func init() {
	children["record and deliver"] = func(argument string) {
		client, err := overt.New(sharer(argument))
		if err != nil {
			panic(err)
		}
		for n := range recorded {
			captured := client.CaptureEvent("shared", overt.Props{"n": n})
			fmt.Printf("%s %d\n", captured.UUID(), captured.Status)
		}
		client.Flush(nil)
		client.Close()
	}
	children["record until killed"] = func(argument string) {
		config := sharer(argument)
		config.Background = overt.Bool(false) // or it might have sent what it could not note any more
		client, err := overt.New(config)
		if err != nil {
			panic(err)
		}
		for {
			captured := client.CaptureEvent("shared", nil)
			fmt.Printf("%s %d\n", captured.UUID(), captured.Status)
		}
	}
}

// A sharing process, and what it says.
type sharing struct {
	*exec.Cmd
	says *bufio.Scanner
}

func share(t *testing.T, child, argument string) sharing {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), "OVERT_TEST_CHILD="+child, "OVERT_TEST_ARGUMENT="+argument)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Process.Kill() })
	return sharing{process, bufio.NewScanner(output)}
}

// acknowledged gives the UUIDs of events that the process says are recorded, at most so many.
func (s sharing) acknowledged(most int) (uuids []string) {
	for len(uuids) < most && s.says.Scan() {
		if uuid, ok := strings.CutSuffix(s.says.Text(), fmt.Sprintf(" %d", overt.OK)); ok && len(uuid) == 36 {
			uuids = append(uuids, uuid)
		}
	}
	return uuids
}

func TestOfManyProcessesEachEventArrivesOnceWhoeverIsKilled(t *testing.T) {
	server := serve(t)
	dir := tempDir(t)
	argument := server.url + " " + dir
	var acknowledged []string
	var living, dying []sharing
	for range sharers {
		living = append(living, share(t, "record and deliver", argument))
	}
	for range killed {
		dying = append(dying, share(t, "record until killed", argument))
	}
	for n, process := range dying {
		acknowledged = append(acknowledged, process.acknowledged(1+17*n)...)
		process.Process.Kill()
		acknowledged = append(acknowledged, process.acknowledged(1_000_000)...)
		if process.Wait() == nil {
			t.Error("a process was not killed")
		}
	}
	for _, process := range living {
		uuids := process.acknowledged(1_000_000)
		equal(t, "recorded", len(uuids), recorded)
		acknowledged = append(acknowledged, uuids...)
		if err := process.Wait(); err != nil {
			t.Error(err)
		}
	}
	config := sharer(argument)
	config.Background = overt.Bool(false)
	flush(t, open(t, config))

	arrived := map[string]int{}
	for _, event := range server.events() {
		arrived[event.UUID]++
	}
	for _, uuid := range acknowledged {
		if arrived[uuid] != 1 {
			t.Errorf("%s arrived %d times", uuid, arrived[uuid])
		}
	}
	for uuid, times := range arrived {
		if times != 1 {
			t.Errorf("%s arrived %d times", uuid, times)
		}
	}
	if len(acknowledged) < sharers*recorded+killed {
		t.Errorf("%d were acknowledged", len(acknowledged))
	}
	if t.Failed() {
		return
	}
	var left []string
	filepath.WalkDir(filepath.Join(dir, "spool"), func(path string, _ os.DirEntry, _ error) error {
		if strings.HasSuffix(path, ".jsonl") && !strings.HasPrefix(filepath.Base(path), "sent") {
			left = append(left, path)
		}
		return nil
	})
	equal(t, "segments of the dead", len(left), 0)
}

func TestAChoiceOffTakesEffectWhileAnotherProcessRecords(t *testing.T) {
	dir := tempDir(t)
	argument := "http://127.0.0.1:9 " + dir
	recording := share(t, "record until killed", argument)
	recording.acknowledged(20)
	saying := share(t, "say off", argument)
	saying.says.Scan()
	equal(t, "off", saying.says.Text(), "{false host} <nil>")
	if err := saying.Wait(); err != nil {
		t.Error(err)
	}
	disabled := fmt.Sprintf(" %d", overt.Disabled)
	for recording.says.Scan() && !strings.HasSuffix(recording.says.Text(), disabled) {
	}
	recording.Process.Kill()
	recording.Wait()
	for _, file := range files(t, dir) {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 && filepath.Base(file) != "consent" {
			t.Errorf("%s was left, of %d bytes", file, info.Size())
		}
	}
}
