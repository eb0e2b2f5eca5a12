package overtcobra_test

import (
	"path/filepath"
	"strings"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
)

func TestEventsAndTheChoiceNeedNoCounters(t *testing.T) {
	dir := tempDir(t)
	config := overt.Config{
		App: "pace", APIKey: "phc_test", Endpoint: "http://127.0.0.1:9", StateDir: filepath.Join(dir, "state"), InCI: true,
		Background: overt.Bool(false),
	}
	execute := func(arguments string) (string, *overt.Client) {
		client := open(t, config)
		program := newSample(plainHook)
		program.root.AddCommand(overtcobra.Command(client, config))
		finish := overtcobra.Instrument(program.root, client, overtcobra.Events())
		err, _ := program.execute(arguments)
		finish(err)
		return program.out.String(), client
	}
	_, client := execute("seven")
	if events := client.Pending(); len(events) != 1 || !strings.Contains(events[0], `"command":"pace seven"`) {
		t.Errorf("recorded: %s", events)
	}
	text, _ := execute("telemetry status")
	equal(t, "status", strings.HasPrefix(text, "pace: on, because that is this program's default; "), true)
	equal(t, "waiting", strings.Contains(text, "\nwaiting    1 event\n"), true)
	text, _ = execute("telemetry off")
	equal(t, "off", text, "pace: off. Erased: the client ID and 1 event that waited. "+
		"What was sent before is with the server, out of reach from here.\n")
	_, client = execute("seven")
	equal(t, "recorded while off", len(client.Pending()), 0)
	text, _ = execute("telemetry status")
	equal(t, "status", strings.HasPrefix(text, "pace: off, because it was switched off here\n"), true)
}
