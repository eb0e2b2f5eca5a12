package overtcobra_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
	"github.com/spf13/cobra"
)

// rows say what is counted. PACE counts the same, by its root's persistent pre-run, unless the row says why not.
var rows = []struct {
	arguments, counted, unlikePACE string
}{
	{arguments: "get data-policy", counted: "pace get data-policy 0×1"},
	{arguments: "get data-policy secret --output secret", counted: "pace get data-policy 0×1"},
	{arguments: "g dp", counted: "pace get data-policy 0×1"},
	{arguments: "--output=secret get dp secret", counted: "pace get data-policy 0×1"},
	{arguments: "all", counted: "pace all 0×1"},
	{arguments: "plain a b c", counted: "pace plain 0×1"},
	{arguments: "one a", counted: "pace one 0×1"},
	{arguments: "old", counted: "pace old 0×1"},
	{arguments: "raw --help", counted: "pace raw 0×1"},
	{arguments: "raw --no-such-flag -x", counted: "pace raw 0×1"},
	{arguments: "docs help", counted: "pace docs help 0×1"},
	{arguments: "completion bash", counted: "pace completion bash 0×1"},
	{arguments: "calling", counted: "pace calling 0×1"},

	{arguments: "required", counted: "pace required 1×1"},
	{arguments: "required --file x", counted: "pace required 0×1"},
	{arguments: "either --a --b", counted: "pace either 1×1"},
	{arguments: "fail", counted: "pace fail 1×1"},
	{arguments: "fail-early", counted: "pace fail-early 1×1"},
	{arguments: "fail-late", counted: "pace fail-late 1×1"},
	{arguments: "silent", counted: "pace silent 1×1"},
	{arguments: "seven", counted: "pace seven 7×1"},

	{arguments: "own list", counted: "pace own list 0×1", unlikePACE: "a pre-run of its own does not hide a run"},
	{arguments: "own-e list", counted: "pace own-e list 1×1", unlikePACE: "a pre-run of its own does not hide a run"},

	{arguments: ""},
	{arguments: "get"},
	{arguments: "own"},
	{arguments: "completion"},
	{arguments: "--help"},
	{arguments: "-h"},
	{arguments: "get --help"},
	{arguments: "get data-policy --help"},
	{arguments: "required -h"},
	{arguments: "--version"},
	{arguments: "nonsense"},
	{arguments: "gett"},
	{arguments: "--nonsense"},
	{arguments: "get data-policy --nonsense"},
	{arguments: "get data-policy --output"},
	{arguments: "one"},
	{arguments: "one a b"},
	{arguments: "completion bash extra"},

	{arguments: "help", unlikePACE: "asking for help is not using the command"},
	{arguments: "help get data-policy", unlikePACE: "asking for help is not using the command"},
	{arguments: "help nonsense", unlikePACE: "asking for help is not using the command"},
	{arguments: "__complete get da", unlikePACE: "a shell asks at every TAB"},
	{arguments: "__completeNoDesc get da", unlikePACE: "a shell asks at every TAB"},
	{arguments: "__complete"},
	{arguments: "private thing", unlikePACE: "the program says so"},
}

func TestRunsAreCountedAndTheProgramIsAsBefore(t *testing.T) {
	for _, traverses := range []bool{false, true} {
		for _, hook := range []rootHook{noHook, plainHook, failingHook} {
			for _, row := range rows {
				t.Run(fmt.Sprintf("%v/%s/%s", traverses, hook, row.arguments), func(t *testing.T) {
					cobra.EnableTraverseRunHooks = traverses
					defer func() { cobra.EnableTraverseRunHooks = false }()
					before := newSample(hook)
					_, want := before.execute(row.arguments)
					if hook == plainHook && !traverses {
						byPACE := strings.Contains(want, "root pre")
						equal(t, "unlike PACE", (row.counted != "") != byPACE, row.unlikePACE != "")
					}

					client := open(t, config(tempDir(t)))
					program := newSample(hook)
					finish := overtcobra.Instrument(program.root, client)
					err, seen := program.execute(row.arguments)
					equal(t, "the program", seen, want)
					code := finish(err)
					equal(t, "counted", counts(client), row.counted)
					if row.counted != "" {
						equal(t, "exit code", strings.HasSuffix(row.counted, fmt.Sprintf(" %d×1", code)), true)
					} else if err != nil {
						equal(t, "exit code", code, 1)
					} else {
						equal(t, "exit code", code, 0)
					}
					equal(t, "a second finish", finish(err), code)
					equal(t, "counted", counts(client), row.counted)
				})
			}
		}
	}
}

func TestARootPreRunThatFailsIsARun(t *testing.T) {
	client := open(t, config(tempDir(t)))
	program := newSample(brokenHook)
	finish := overtcobra.Instrument(program.root, client)
	err, _ := program.execute("plain")
	equal(t, "exit code", finish(err), 1)
	equal(t, "counted", counts(client), "pace plain 1×1")
}

func TestAPrefixIsCountedAsTheCommand(t *testing.T) {
	cobra.EnablePrefixMatching = true
	defer func() { cobra.EnablePrefixMatching = false }()
	client := open(t, config(tempDir(t)))
	program := newSample(noHook)
	finish := overtcobra.Instrument(program.root, client)
	err, _ := program.execute("ge data-p")
	finish(err)
	equal(t, "counted", counts(client), "pace get data-policy 0×1")
}

func TestCommandsThatAreAddedLaterAreCounted(t *testing.T) {
	client := open(t, config(tempDir(t)))
	program := newSample(noHook)
	finish := overtcobra.Instrument(program.root, client)
	plugins := &cobra.Command{Use: "plugins"}
	plugins.AddCommand(&cobra.Command{Use: "list", RunE: program.noteE("run", coded(9))})
	program.root.AddCommand(plugins)
	err, seen := program.execute("plugins list")
	equal(t, "called", strings.Count(seen, "run pace plugins list"), 1)
	equal(t, "exit code", finish(err), 9)
	equal(t, "counted", counts(client), "pace plugins list 9×1")
}

func TestAProgramThatExecutesAgainAndAgain(t *testing.T) {
	client := open(t, config(tempDir(t)))
	program := newSample(plainHook)
	finish := overtcobra.Instrument(program.root, client)
	for _, arguments := range []string{"plain", "fail", "help", "plain", "nonsense", "--help", "own list"} {
		err, _ := program.execute(arguments)
		finish(err)
	}
	equal(t, "counted", counts(client), "pace fail 1×1, pace own list 0×1, pace plain 0×2")

	// Without a finish a run has no end; it is not taken for a later one.
	program.execute("fail")
	err, _ := program.execute("seven")
	finish(err)
	program.execute("fail")
	err, _ = program.execute("help")
	finish(err)
	err, _ = program.execute("--help")
	finish(err)
	equal(t, "counted", counts(client), "pace fail 1×1, pace own list 0×1, pace plain 0×2, pace seven 7×1")
}

func TestACommandThatExecutesTheRootAgain(t *testing.T) {
	for _, row := range []struct {
		finishes bool
		counted  string
	}{
		{false, "pace shell 1×1"},
		{true, "pace plain 0×2, pace seven 7×1, pace shell 1×1"},
	} {
		client := open(t, config(tempDir(t)))
		program := newSample(plainHook)
		var finish func(error) int
		program.root.AddCommand(&cobra.Command{Use: "shell", RunE: func(*cobra.Command, []string) error {
			for _, arguments := range []string{"plain", "seven", "help", "plain"} {
				program.root.SetArgs([]string{arguments})
				if err := program.root.Execute(); row.finishes {
					finish(err)
				}
			}
			return fmt.Errorf("the shell's own")
		}})
		finish = overtcobra.Instrument(program.root, client)
		err, _ := program.execute("shell")
		equal(t, "exit code", finish(err), 1)
		equal(t, "counted", counts(client), row.counted)
		err, _ = program.execute("--help")
		finish(err)
		equal(t, "counted", counts(client), row.counted)
	}
}

func TestACommandThatCallsAnothersFunctionIsOneRun(t *testing.T) {
	client := open(t, config(tempDir(t)))
	program := newSample(noHook)
	plain, _, _ := program.root.Find([]string{"plain"})
	program.root.AddCommand(&cobra.Command{Use: "both", Run: func(command *cobra.Command, args []string) {
		plain.Run(plain, args)
		plain.Run(plain, args)
	}})
	finish := overtcobra.Instrument(program.root, client)
	err, seen := program.execute("both")
	equal(t, "called", strings.Count(seen, "run pace plain"), 2)
	finish(err)
	equal(t, "counted", counts(client), "pace both 0×1")
}

func TestEveryWayToExecuteIsTheSame(t *testing.T) {
	type key struct{}
	client := open(t, config(tempDir(t)))
	program := newSample(plainHook)
	var heard any
	asking := &cobra.Command{Use: "asking", Run: func(command *cobra.Command, _ []string) { heard = command.Context().Value(key{}) }}
	program.root.AddCommand(asking)
	finish := overtcobra.Instrument(program.root, client)
	program.root.SetArgs([]string{"asking"})
	ran, err := program.root.ExecuteContextC(context.WithValue(t.Context(), key{}, "the program's own"))
	finish(err)
	equal(t, "heard", heard, any("the program's own"))
	equal(t, "the command", ran, asking)
	finish(asking.Execute()) // cobra goes to the root from any command
	equal(t, "counted", counts(client), "pace asking 0×2")
}
