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

	overt "github.com/overt-telemetry/overt/bindings/go"
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

// counted gives the counts of a tool's file, by command.
func counted(t *testing.T, client *overt.Client) map[string]int {
	t.Helper()
	var document struct {
		Points map[string]map[string]struct {
			Count int `json:"cumulative_count"`
		} `json:"metric_points"`
	}
	if err := json.Unmarshal([]byte(client.Counters()), &document); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for command, codes := range document.Points {
		counts[command] = codes["0"].Count
	}
	return counts
}

func TestBothKindsCountIntoOneFileWhoeverIsKilled(t *testing.T) {
	core, pure := binaries(t)
	for _, last := range []string{pure, core} {
		dir := t.TempDir()
		said := make([]int, 16)
		var all sync.WaitGroup
		for n := range said {
			all.Go(func() {
				child, out := child(t, []string{core, pure}[n%2], "count on and on", fmt.Sprintf("%s pace %d", dir, n))
				time.AfterFunc(time.Duration(200+rand.IntN(600))*time.Millisecond, func() { child.Process.Kill() })
				for lines := bufio.NewScanner(out); lines.Scan(); {
					if lines.Text() != "overt: ok" {
						t.Errorf("%d says %q", n, lines.Text())
					}
					said[n]++
				}
				child.Wait()
			})
		}
		all.Wait()
		// What was under way is entered and reported by the next two, of either kind.
		for _, binary := range []string{core, pure, last} {
			one, out := child(t, binary, "count once", dir+" pace last")
			text, _ := io.ReadAll(out)
			one.Wait()
			equal(t, "counted", string(text), "overt: ok\n")
		}
		config := counter(dir)
		config.CountersInterval = overt.Duration(-1)
		client := open(t, config)
		counts, total, unsaid := counted(t, client), 0, 0
		for n, said := range said {
			more := counts[fmt.Sprintf("pace %d", n)] - said
			if more != 0 && more != 1 {
				t.Errorf("pace %d: %d said, %d more counted", n, said, more)
			}
			total, unsaid = total+said+more, unsaid+more
		}
		equal(t, "the last ones", counts["pace last"], 3)

		// What events say is what was counted, each UUID once.
		reported, sum := map[string]int{}, 0
		for _, line := range client.Pending() {
			var event struct {
				UUID       string
				Properties struct{ Count int }
			}
			if err := json.Unmarshal([]byte(line), &event); err != nil {
				t.Fatal(err)
			}
			if before, again := reported[event.UUID]; again && before != event.Properties.Count {
				t.Errorf("%s is two events", event.UUID)
			}
			reported[event.UUID] = event.Properties.Count
		}
		for _, count := range reported {
			sum += count
		}
		equal(t, "reported", sum, total+3)
		for _, file := range files(t, filepath.Join(dir, "config")) {
			switch name := filepath.Base(file); {
			case name == "telemetry.yaml", name == "lock", name == "reported.json", name == "telemetry-last-upload-timestamp":
			// Who died before the line break has not counted; it goes when it is old.
			case strings.HasSuffix(name, ".count") && !strings.HasSuffix(readFile(t, file), "\n"):
			default:
				t.Errorf("left: %s: %q", file, readFile(t, file))
			}
		}
		if total < 100 {
			t.Errorf("only %d commands were counted", total)
		}
		t.Logf("%d commands counted, %d of them about to be said; %d reports", total, unsaid, len(reported))
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
