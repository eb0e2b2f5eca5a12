package overtcobra

import "github.com/spf13/cobra"

// The two kinds of function that a command has for each stage; of both, cobra calls the second.
type (
	function        = func(command *cobra.Command, args []string)
	failingFunction = func(command *cobra.Command, args []string) error
)

// hookAll puts our functions around those of a command and all below it.
func (t *tracker) hookAll(command *cobra.Command) {
	t.hook(command)
	for _, below := range command.Commands() {
		t.hookAll(below)
	}
}

// hook puts our functions around those of a command, once.
func (t *tracker) hook(command *cobra.Command) {
	if t.hooked[command] {
		return
	}
	t.hooked[command] = true
	around(&command.PersistentPreRun, &command.PersistentPreRunE, func(c *cobra.Command, function func() error) error {
		t.begin(c)
		return t.during(function)
	})
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
