package overtcobra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
	"github.com/spf13/cobra"
)

func init() {
	children["plain"] = func() { program(nil) }
	children["counting"] = func() {
		client, err := overt.New(config(os.Getenv("OVERT_TEST_DIR")))
		if err != nil {
			panic(err)
		}
		program(client)
	}
}

// program is a main that ends in the ways that only a process has.
func program(client *overt.Client) {
	root := &cobra.Command{Use: "pace", SilenceUsage: true}
	var finish func(error) int
	add := func(name string, run func() error) *cobra.Command {
		command := &cobra.Command{Use: name, RunE: func(*cobra.Command, []string) error { return run() }}
		root.AddCommand(command)
		return command
	}
	add("panic", func() error { panic("boom") })
	add("nil-pointer", func() error { var none *cobra.Command; none.Use = "x"; return nil })
	add("panic-late", func() error { return nil }).PersistentPostRun = func(*cobra.Command, []string) { panic("boom") }
	add("panic-early", func() error { return nil }).PersistentPreRun = func(*cobra.Command, []string) { panic("boom") }
	add("exit", func() error { os.Exit(3); return nil })
	add("exit-told", func() error { os.Exit(finish(coded(4))); return nil })
	add("exit-elsewhere", func() error { go func() { os.Exit(finish(coded(130))) }(); select {} })
	add("child", func() error { return exec.Command("sh", "-c", "exit 5").Run() })
	add("child-killed", func() error { return exec.Command("sh", "-c", "kill -9 $$").Run() })
	add("large", func() error { return coded(300) })
	add("fine", func() error { return nil })
	finish = overtcobra.Instrument(root, client)
	os.Exit(finish(root.Execute()))
}

func TestProcessesEndAsTheyWould(t *testing.T) {
	large := 300 & 0xff
	if runtime.GOOS == "windows" {
		large = 300
	}
	for _, row := range []struct {
		command string
		code    int
		counted string
	}{
		{"fine", 0, "pace fine 0×1"},
		{"panic", 2, "pace panic 2×1"},
		{"nil-pointer", 2, "pace nil-pointer 2×1"},
		{"panic-late", 2, "pace panic-late 2×1"},
		{"panic-early", 2, "pace panic-early 2×1"},
		{"exit", 3, ""},
		{"exit-told", 4, "pace exit-told 4×1"},
		{"exit-elsewhere", 130, "pace exit-elsewhere 130×1"},
		{"child", 5, "pace child 5×1"},
		{"child-killed", 1, "pace child-killed 1×1"},
		{"large", large, fmt.Sprintf("pace large %d×1", large)},
	} {
		t.Run(row.command, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.HasPrefix(row.command, "child") {
				t.Skip("there is no sh")
			}
			dir := tempDir(t)
			plainCode, plain := process(t, dir, "plain", row.command)
			equal(t, "files of a program without a client", len(files(t, dir)), 0)
			code, told := process(t, dir, "counting", row.command)
			equal(t, "exit code", code, row.code)
			equal(t, "exit code without a client", plainCode, row.code)
			equal(t, "stderr", told, plain)
			equal(t, "counted", counts(open(t, config(dir))), row.counted)
		})
	}
}

// process gives the exit code of a child, and what it says before the trace of a panic.
func process(t *testing.T, dir, child, command string) (int, string) {
	t.Helper()
	run := exec.Command(os.Args[0], command)
	// Under the race detector a process waits for a second before it ends.
	run.Env = append(os.Environ(), "OVERT_TEST_CHILD="+child, "OVERT_TEST_DIR="+dir, "GORACE=atexit_sleep_ms=0")
	var stderr bytes.Buffer
	run.Stderr = &stderr
	err := run.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	told, trace, panicked := strings.Cut(stderr.String(), "\ngoroutine ")
	if panicked && !strings.Contains(trace, "program") {
		t.Errorf("the trace does not lead to the panic: %s", trace)
	}
	return run.ProcessState.ExitCode(), told
}

func TestAPanicThatTheProgramRecoversIsOneRun(t *testing.T) {
	client := open(t, config(tempDir(t)))
	program := newSample(plainHook)
	value := errors.New("boom")
	program.root.AddCommand(&cobra.Command{Use: "panic", Run: func(*cobra.Command, []string) { panic(value) }})
	finish := overtcobra.Instrument(program.root, client)
	func() {
		defer func() { equal(t, "recovered", recover(), any(value)) }()
		program.execute("panic")
	}()
	equal(t, "exit code", finish(errors.New("recovered")), 1)
	err, _ := program.execute("plain")
	finish(err)
	equal(t, "counted", counts(client), "pace panic 2×1, pace plain 0×1")
}

func TestAPanicInAPreRunThatAnotherOneCallsIsOneRun(t *testing.T) {
	client := open(t, config(tempDir(t)))
	root := &cobra.Command{Use: "pace", PersistentPreRun: func(*cobra.Command, []string) { panic("boom") }}
	root.AddCommand(&cobra.Command{
		Use:              "calling",
		PersistentPreRun: func(command *cobra.Command, args []string) { root.PersistentPreRun(command, args) },
		Run:              func(*cobra.Command, []string) {},
	})
	finish := overtcobra.Instrument(root, client)
	func() {
		defer func() { equal(t, "recovered", recover(), any("boom")) }()
		root.SetArgs([]string{"calling"})
		_ = root.Execute()
	}()
	finish(nil)
	equal(t, "counted", counts(client), "pace calling 2×1")
}

func TestACommandThatFinishesItselfAndGoesOnIsOneRun(t *testing.T) {
	client := open(t, config(tempDir(t)))
	program := newSample(plainHook)
	var finish func(error) int
	program.root.AddCommand(&cobra.Command{Use: "early", Run: func(*cobra.Command, []string) { finish(coded(8)) }})
	finish = overtcobra.Instrument(program.root, client)
	err, _ := program.execute("early")
	equal(t, "exit code", finish(err), 0)
	equal(t, "counted", counts(client), "pace early 8×1")
}

func TestEventsTellHowARunEnded(t *testing.T) {
	settings := config(tempDir(t))
	settings.APIKey, settings.Endpoint, settings.Background = "phc_test", "http://127.0.0.1:9", overt.Bool(false)
	client := open(t, settings)
	program := newSample(plainHook)
	add := func(name string, err error) {
		program.root.AddCommand(&cobra.Command{Use: name, RunE: func(*cobra.Command, []string) error { return err }})
	}
	secret := errors.New("/home/ada/letter.txt")
	add("path", fmt.Errorf("a: %w", fmt.Errorf("b: %w", &fs.PathError{Op: "open", Path: "/home/ada", Err: secret})))
	add("text", fmt.Errorf("a: %w", secret))
	add("joined", errors.Join(coded(6), secret))
	add("several", fmt.Errorf("%w %w", coded(6), secret))
	add("unnamed", struct{ error }{secret})
	add("zero", coded(0))
	program.root.AddCommand(&cobra.Command{Use: "panic", Run: func(*cobra.Command, []string) { panic(secret) }})
	finish := overtcobra.Instrument(program.root, client, overtcobra.Events())
	for _, arguments := range []string{
		"get dp secret --output secret", "seven", "path", "text", "joined", "several", "unnamed", "zero", "panic", "help",
	} {
		func() {
			defer func() { _ = recover() }()
			err, _ := program.execute(arguments)
			finish(err)
		}()
	}
	sessions := map[string]bool{}
	var told []string
	for _, line := range client.Pending() {
		if strings.Contains(line, "home") || strings.Contains(line, "secret") {
			t.Error(line)
		}
		var event struct {
			Event      string
			Properties struct {
				Command  string
				Duration *int64 `json:"duration_ms"`
				Reason   string `json:"exit_reason"`
				Code     int    `json:"exit_code"`
				Session  string `json:"session_id"`
			}
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		run := event.Properties
		equal(t, "event", event.Event, "command_run")
		equal(t, "a duration", run.Duration != nil && *run.Duration >= 0, true)
		equal(t, "length of a session", len(run.Session), 36)
		sessions[run.Session] = true
		told = append(told, fmt.Sprintf("%s %d %s", run.Command, run.Code, run.Reason))
	}
	equal(t, "sessions", len(sessions), len(told))
	equal(t, "told", strings.Join(told, "\n"), strings.Join([]string{
		"pace get data-policy 0 success", "pace seven 7 overtcobra_test.coded", "pace path 1 fs.PathError",
		"pace text 1 errors.errorString", "pace joined 6 overtcobra_test.coded", "pace several 6 overtcobra_test.coded",
		"pace unnamed 1 error", "pace zero 0 success", "pace panic 2 panic",
	}, "\n"))
}

func TestTheProgramsOwnRuleForExitCodes(t *testing.T) {
	settings := config(tempDir(t))
	settings.APIKey, settings.Background = "phc_test", overt.Bool(false)
	client := open(t, settings)
	program := newSample(noHook)
	finish := overtcobra.Instrument(program.root, client, overtcobra.ExitCode(func(err error) int {
		if err == nil {
			return 0
		}
		return 64
	}))
	for _, arguments := range []string{"plain", "seven", "nonsense"} {
		err, _ := program.execute(arguments)
		finish(err)
	}
	equal(t, "counted", counts(client), "pace plain 0×1, pace seven 64×1")
	equal(t, "events of a program that did not ask for any", len(client.Pending()), 0)
}

func TestWhileOffNothingIsRecorded(t *testing.T) {
	for _, variable := range []string{"DO_NOT_TRACK=1", "TELEMETRY_ENABLED=0"} {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
		dir := tempDir(t)
		settings := config(dir)
		settings.APIKey = "phc_test"
		program := newSample(noHook)
		finish := overtcobra.Instrument(program.root, open(t, settings), overtcobra.Events())
		err, _ := program.execute("seven")
		equal(t, "exit code", finish(err), 7)
		equal(t, "files", len(files(t, dir)), 0)
	}
}

func TestFinishWaitsForDeliveryIfTheProgramSaysSo(t *testing.T) {
	arrived := make(chan string, 100) // with an interval of none, as often as anybody looks
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- r.URL.Path
		fmt.Fprint(w, "OK")
	}))
	defer server.Close()
	settings := config(tempDir(t))
	settings.CountersEndpoint, settings.CountersInterval = server.URL+"/telemetry", overt.Duration(0)
	settings.ExitTimeout = time.Minute
	program := newSample(noHook)
	finish := overtcobra.Instrument(program.root, open(t, settings))
	err, _ := program.execute("plain")
	finish(err)
	select {
	case path := <-arrived:
		equal(t, "path", path, "/telemetry")
	default:
		t.Error("finish did not wait")
	}
}
