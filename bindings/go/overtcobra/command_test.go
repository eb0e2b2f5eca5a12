package overtcobra_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
)

var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// telemetry runs a program with the command, as a process of its own would.
func telemetry(t *testing.T, config overt.Config, arguments string) (string, error) {
	t.Helper()
	client := open(t, config)
	program := newSample(brokenHook) // which the command does not call
	program.root.AddCommand(overtcobra.Command(client, config))
	finish := overtcobra.Instrument(program.root, client, overtcobra.Events())
	err, _ := program.execute(arguments)
	finish(err)
	equal(t, "calls", len(program.trace), 0)
	return program.out.String(), err
}

// tells checks what the command prints, with DIR for the directory and ID for IDs.
func tells(t *testing.T, dir string, config overt.Config, arguments, want string) {
	t.Helper()
	text, err := telemetry(t, config, arguments)
	equal(t, "error", err, nil)
	if runtime.GOOS == "windows" {
		slashes := strings.NewReplacer(`\\`, "/", `\`, "/") // in JSON they are doubled
		text, dir = slashes.Replace(text), slashes.Replace(dir)
	}
	text = uuids.ReplaceAllString(strings.ReplaceAll(text, dir, "DIR"), "ID")
	equal(t, arguments, text, want)
}

// used is a config with which there were two counted runs, one of which is an event that waits.
func used(t *testing.T, dir string) overt.Config {
	t.Helper()
	config := config(dir)
	config.APIKey, config.Endpoint, config.Background = "phc_test", "http://127.0.0.1:9", overt.Bool(false)
	config.CountersEndpoint = "http://127.0.0.1:9/telemetry"
	config.ConsentEnv = []string{"PACE_TELEMETRY", "PACE_STRICT=1,2"}
	client := open(t, config)
	client.RecordCommand("pace list tables", 1)
	client.RecordCommand("pace list tables", 1)
	client.CaptureEvent("list", overt.Props{"n": 1})
	client.Close()
	return config
}

func TestStatusTellsWhatIsDecidedAndWhereItLies(t *testing.T) {
	dir := tempDir(t)
	config := used(t, dir)
	before := len(files(t, dir))
	rest := `
counted    2 runs (in DIR/config/telemetry.yaml)
           told to http://127.0.0.1:9/telemetry
waiting    1 event
sent       no events can be read
           to http://127.0.0.1:9
client ID  ID
files      DIR/state

Word for word: pace telemetry show
`
	tells(t, dir, config, "telemetry status",
		"pace: on, because that is this program's default; switch it off with: pace telemetry off\n"+rest)
	for _, row := range []struct{ name, value, told string }{
		{"DO_NOT_TRACK", "1", "off, because DO_NOT_TRACK is set"},
		{"TELEMETRY_ENABLED", "", "off, because TELEMETRY_ENABLED is set, and its value does not mean on"},
		{"TELEMETRY_ENABLED", "1",
			"on, because the value of TELEMETRY_ENABLED means on; switch it off by setting TELEMETRY_ENABLED to 0"},
		{"PACE_TELEMETRY", "0", "off, because PACE_TELEMETRY says so"},
		{"PACE_STRICT", "2", "on, because PACE_STRICT says so; switch it off by setting PACE_STRICT to 0"},
	} {
		t.Run(row.name+"="+row.value, func(t *testing.T) {
			t.Setenv(row.name, row.value)
			tells(t, dir, config, "telemetry status", "pace: "+row.told+"\n"+rest)
		})
	}
	tells(t, dir, config, "telemetry status --json", `{"app":"pace","consent":{"enabled":true,"reason":"default"},`+
		`"client_id":"ID","paths":{"state_dir":"DIR/state","counters":"DIR/config/telemetry.yaml"},`+
		`"destinations":{"events":"http://127.0.0.1:9","counters":"http://127.0.0.1:9/telemetry"},"pending":1,"sent":0}`+"\n")
	equal(t, "files", len(files(t, dir)), before)
}

func TestLookingAtNothingMakesNothing(t *testing.T) {
	dir := tempDir(t)
	settings := config(dir)
	tells(t, dir, settings, "telemetry status --json", `{"app":"pace","consent":{"enabled":true,"reason":"default"},`+
		`"client_id":null,"paths":{"state_dir":"DIR/state","counters":"DIR/config/telemetry.yaml"},`+
		`"destinations":{"events":null,"counters":null},"pending":0,"sent":0}`+"\n")
	tells(t, dir, settings, "telemetry show", "# waiting to be sent: no events\n\n# sent last: no events\n")
	tells(t, dir, settings, "telemetry show --json", `{"pending":[],"sent":[],"counters":null}`+"\n")
	equal(t, "files", len(files(t, dir)), 0)
}

func TestShowPrintsWordForWord(t *testing.T) {
	dir := tempDir(t)
	config := used(t, dir)
	client := open(t, config)
	text, err := telemetry(t, config, "telemetry show")
	equal(t, "error", err, nil)
	equal(t, "shown", text, "# waiting to be sent: 1 event\n"+client.Pending()[0]+"\n\n# sent last: no events\n\n# counted in "+
		config.CountersPath+"\n"+client.Counters()+"\n")

	text, err = telemetry(t, config, "telemetry show --json")
	equal(t, "error", err, nil)
	var shown struct{ Pending, Sent, Counters json.RawMessage }
	if err := json.Unmarshal([]byte(text), &shown); err != nil {
		t.Fatal(err)
	}
	equal(t, "pending", string(shown.Pending), "["+client.Pending()[0]+"]")
	equal(t, "counters", string(shown.Counters), client.Counters())
}

func TestShowCannotWriteToATerminal(t *testing.T) {
	dir := tempDir(t)
	config := used(t, dir)
	open(t, config).CaptureEvent("hostile", overt.Props{"text": "\u009b31m\u202e\u2028 grüße"})
	text, err := telemetry(t, config, "telemetry show --json")
	equal(t, "error", err, nil)
	equal(t, "shown", strings.Contains(text, `"\u009b31m\u202e\u2028 grüße"`), true)
}

func TestOffErasesAndHolds(t *testing.T) {
	dir := tempDir(t)
	config := used(t, dir)
	tells(t, dir, config, "telemetry off", "pace: off. Erased: the client ID, the counts of 2 runs and 1 event that waited. "+
		"What was sent before is with the server, out of reach from here.\n")
	if _, err := os.Stat(config.CountersPath); !os.IsNotExist(err) {
		t.Error(err)
	}
	text, _ := telemetry(t, config, "telemetry status")
	equal(t, "status", strings.HasPrefix(text, "pace: off, because it was switched off here\n"), true)
	tells(t, dir, config, "telemetry off", "pace: off. There was nothing to erase.\n")
	t.Setenv("TELEMETRY_ENABLED", "1")
	tells(t, dir, config, "telemetry off", "pace: off. There was nothing to erase.\nBut in this shell telemetry stays on, "+
		"because the value of TELEMETRY_ENABLED means on; switch it off by setting TELEMETRY_ENABLED to 0.\n")
}

func TestOnHoldsUnlessAVariableSaysOff(t *testing.T) {
	dir := tempDir(t)
	settings := config(dir)
	settings.DefaultConsent = overt.Bool(false)
	tells(t, dir, settings, "telemetry on", "pace: on. See what it records with: pace telemetry show\n")
	text, _ := telemetry(t, settings, "telemetry status")
	equal(t, "status", strings.HasPrefix(text, "pace: on, because it was switched on here; "), true)
	tells(t, dir, settings, "telemetry on --json",
		`{"app":"pace","choice":"on","consent":{"enabled":true,"reason":"stored"},"erased":0}`+"\n")
	t.Setenv("DO_NOT_TRACK", "1")
	tells(t, dir, settings, "telemetry on", "pace: on. See what it records with: pace telemetry show\n"+
		"But in this shell telemetry stays off, because DO_NOT_TRACK is set.\n")
}

func TestAChoiceThatCannotBeStoredIsAnError(t *testing.T) {
	dir := tempDir(t)
	settings := config(dir)
	settings.StateDir = filepath.Join(dir, "file", "state")
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := telemetry(t, settings, "telemetry off")
	equal(t, "an error", err != nil, true)
	equal(t, "told", strings.HasPrefix(text, "Error: the choice cannot be stored, or not everything be erased: overt: "), true)
	equal(t, "lines", strings.Count(text, "\n"), 1)
}

func TestAWrongVerbIsAnError(t *testing.T) {
	_, err := telemetry(t, config(tempDir(t)), "telemetry of")
	equal(t, "an error", err != nil, true)
	text, err := telemetry(t, config(tempDir(t)), "telemetry")
	equal(t, "error", err, nil)
	equal(t, "help", strings.Contains(text, "pace telemetry [command]"), true)
}
