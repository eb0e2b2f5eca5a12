package overtcobra_test

import (
	"fmt"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
	"github.com/spf13/cobra"
)

// large is a program with 300 commands in 30 groups, each group with a persistent pre-run of its own.
func large() *cobra.Command {
	nothing := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "pace", PersistentPreRun: nothing}
	for group := range 30 {
		above := &cobra.Command{Use: fmt.Sprint("group-", group), PersistentPreRun: nothing}
		for command := range 10 {
			above.AddCommand(&cobra.Command{Use: fmt.Sprint("command-", command), PreRun: nothing, Run: nothing})
		}
		root.AddCommand(above)
	}
	return root
}

// What a start of a program pays for being instrumented, beside what making its commands costs.
func BenchmarkCommands(b *testing.B) {
	for b.Loop() {
		large()
	}
}

func BenchmarkCommandsInstrumented(b *testing.B) {
	settings := config(b.TempDir())
	client, err := overt.New(settings)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	for b.Loop() {
		overtcobra.Instrument(large(), client)
	}
}

func BenchmarkCommand(b *testing.B) {
	for b.Loop() {
		overtcobra.Command(nil, overt.Config{App: "pace"})
	}
}
