package overtcobra

import "github.com/spf13/cobra"

// The two kinds of function that a command has for each stage; of both, cobra calls the second.
type (
	function        = func(command *cobra.Command, args []string)
	failingFunction = func(command *cobra.Command, args []string) error
)

// hookStarts sees to it that each run is noticed when it begins: by the persistent pre-runs of a command and all below it.
func (t *tracker) hookStarts(command *cobra.Command) {
	around(&command.PersistentPreRun, &command.PersistentPreRunE, func(c *cobra.Command, function func() error) error {
		t.begin(c)
		return t.during(function)
	})
	for _, below := range command.Commands() {
		t.hookStarts(below)
	}
}

// hookRest puts our functions around the others of a command, once. It is called for the commands that a run passes
// through, when it begins and so before cobra reads them: a large program pays for what it runs.
func (t *tracker) hookRest(command *cobra.Command) {
	if t.hooked[command] {
		return
	}
	t.hooked[command] = true
	during := func(_ *cobra.Command, function func() error) error { return t.during(function) }
	around(&command.PreRun, &command.PreRunE, during)
	around(&command.Run, &command.RunE, during)
	around(&command.PostRun, &command.PostRunE, during)
	around(&command.PersistentPostRun, &command.PersistentPostRunE, during)
}

// around replaces the functions of a stage, where there are any. A function that is not there stays so: cobra asks.
func around(plain *function, failing *failingFunction, call func(*cobra.Command, func() error) error) {
	if inner := *plain; inner != nil {
		*plain = func(command *cobra.Command, args []string) {
			_ = call(command, func() error {
				inner(command, args)
				return nil
			})
		}
	}
	if inner := *failing; inner != nil {
		*failing = func(command *cobra.Command, args []string) error {
			return call(command, func() error { return inner(command, args) })
		}
	}
}
