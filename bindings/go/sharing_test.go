//go:build cgo && overt_both && linux

package overt_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// binaries are this test program with the core and with the pure client.
func binaries(t *testing.T) (core, pure string) {
	t.Helper()
	pure = filepath.Join(t.TempDir(), "pure.test")
	build := exec.Command("go", "test", "-c", "-o", pure, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return os.Args[0], pure
}

func child(t *testing.T, binary, what, argument string) (*exec.Cmd, io.ReadCloser) {
	t.Helper()
	child := exec.Command(binary)
	child.Env = append(os.Environ(), "OVERT_TEST_CHILD="+what, "OVERT_TEST_ARGUMENT="+argument)
	child.Stderr = os.Stderr
	said, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return child, said
}

// totals are those of the one ledger of a state directory.
func totals(t *testing.T, dir string) (delivered int, left []string) {
	t.Helper()
	ledgers, err := filepath.Glob(filepath.Join(dir, "spool", "*", "ledger.json"))
	if err != nil || len(ledgers) != 1 {
		t.Fatal(ledgers, err)
	}
	var ledger struct {
		Delivered int
		Lost      map[string]int
	}
	text, err := os.ReadFile(ledgers[0])
	if err != nil || json.Unmarshal(text, &ledger) != nil || len(ledger.Lost) > 0 {
		t.Fatalf("%s %v", text, err)
	}
	for _, pattern := range []string{"*.jsonl", "*.done", "*.live"} {
		found, _ := filepath.Glob(filepath.Join(dir, "spool", "*", pattern))
		for _, file := range found {
			if !strings.HasPrefix(filepath.Base(file), "sent") {
				left = append(left, file)
			}
		}
	}
	return ledger.Delivered, left
}

func TestBothKindsShareASpoolAndEachEventArrivesWhoeverIsKilled(t *testing.T) {
	core, pure := binaries(t)
	for _, last := range []string{pure, core} {
		server := serve(t)
		argument := server.url + " " + t.TempDir()
		_, dir, _ := strings.Cut(argument, " ")
		var mutex sync.Mutex
		recorded := map[string]bool{}
		var all sync.WaitGroup
		for n := range 16 {
			all.Go(func() {
				binary := []string{core, pure}[n%2]
				child, said := child(t, binary, "record on and on", argument)
				time.AfterFunc(time.Duration(100+rand.IntN(700))*time.Millisecond, func() { child.Process.Kill() })
				for lines := bufio.NewScanner(said); lines.Scan(); {
					uuid, status, whole := strings.Cut(lines.Text(), " ")
					if whole && status == "0" {
						mutex.Lock()
						recorded[uuid] = true
						mutex.Unlock()
					} else if status != "" {
						t.Errorf("%s: %q", binary, lines.Text())
					}
				}
				child.Wait()
			})
			time.Sleep(20 * time.Millisecond)
		}
		all.Wait()
		deliverer, said := child(t, last, "deliver what waits", argument)
		text, _ := io.ReadAll(said)
		deliverer.Wait()
		equal(t, "flush", string(text), "<nil>\n")

		arrived := map[string]string{}
		for _, request := range server.requests() {
			for _, event := range request.body.Batch {
				if before, again := arrived[event.UUID]; again && before != event.Timestamp {
					t.Errorf("%s is two events", event.UUID)
				}
				arrived[event.UUID] = event.Timestamp
			}
		}
		for uuid := range recorded {
			if arrived[uuid] == "" {
				t.Errorf("%s was recorded and did not arrive", uuid)
			}
		}
		delivered, left := totals(t, dir)
		// A process leaves the file that says that it lives, for the next one to remove.
		left = slices.DeleteFunc(left, func(file string) bool {
			return strings.HasPrefix(filepath.Base(file), fmt.Sprintf("%d-", deliverer.Process.Pid))
		})
		equal(t, "the ledger's events", delivered, len(arrived))
		if len(left) > 0 {
			t.Errorf("files left: %q", left)
		}
		if len(recorded) < 100 {
			t.Errorf("only %d events were recorded", len(recorded))
		}
		t.Logf("%d recorded, %d arrived in %d requests", len(recorded), len(arrived), len(server.requests()))
	}
}

func TestOffStopsWhatTheOtherKindRecords(t *testing.T) {
	core, pure := binaries(t)
	for _, binary := range []string{core, pure} {
		server := (&server{status: 503}).start(t)
		argument := server.url + " " + t.TempDir()
		_, dir, _ := strings.Cut(argument, " ")
		recorder, said := child(t, binary, "record on and on", argument)
		defer recorder.Process.Kill()
		lines := bufio.NewScanner(said)
		for range 10 {
			lines.Scan()
		}
		equal(t, "recorded", strings.HasSuffix(lines.Text(), " 0"), true)
		if binary == core { // the pure client says off; otherwise the core, which is this program
			off := exec.Command(pure)
			off.Env = append(os.Environ(), "OVERT_TEST_CHILD=say off", "OVERT_TEST_ARGUMENT="+argument)
			if said, err := off.CombinedOutput(); err != nil || string(said) != "{false host} <nil>\n" {
				t.Fatalf("%s %v", said, err)
			}
		} else {
			children["say off"](argument)
		}
		for lines.Scan() && !strings.HasSuffix(lines.Text(), " 1") {
		}
		equal(t, "the other one said", lines.Text(), " 1")
		// One line may have been under way while the spool was erased; nothing is recorded after it.
		for range 10 {
			lines.Scan()
			equal(t, "afterwards", lines.Text(), " 1")
		}
		recorder.Process.Kill()
		recorder.Wait()
		equal(t, "the choice", strings.HasPrefix(readFile(t, filepath.Join(dir, "consent")), "off "), true)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
