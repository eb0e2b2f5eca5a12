package overtcobra_test

import (
	"errors"
	"strings"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
)

func TestWithoutAClientTheCommandsAreLeftAsTheyAre(t *testing.T) {
	program := newSample(noHook)
	finish := overtcobra.Instrument(program.root, nil, overtcobra.Events())
	equal(t, "a pre-run was set", program.root.PersistentPreRun != nil, false)
	err, _ := program.execute("seven")
	equal(t, "exit code", finish(err), 7)
	equal(t, "exit code", finish(nil), 0)
	equal(t, "exit code", finish(errors.New("no")), 1)
}

func TestWithoutAClientTheCommandSaysSo(t *testing.T) {
	for _, row := range []struct{ arguments, told string }{
		{"telemetry status", "pace: off, because it could not be set up\n"},
		{"telemetry show", "# waiting to be sent: no events\n"},
		{"telemetry off", "Error: nothing is recorded, and the choice was not stored: it could not be set up\n"},
		{"telemetry on", "Error: nothing is recorded, and the choice was not stored: it could not be set up\n"},
	} {
		program := newSample(noHook)
		program.root.AddCommand(overtcobra.Command(nil, overt.Config{App: "pace"}))
		program.execute(row.arguments)
		if told := program.out.String(); !strings.HasPrefix(told, row.told) {
			t.Errorf("%s: %s", row.arguments, told)
		}
	}
}
