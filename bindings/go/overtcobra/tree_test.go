package overtcobra_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
	"github.com/spf13/cobra"
)

// coded is an error that knows its exit code.
type coded int

func (c coded) Error() string { return fmt.Sprint("code ", int(c)) }
func (c coded) ExitCode() int { return int(c) }

// A rootHook is which persistent pre-run a root has.
type rootHook string

const (
	noHook      rootHook = "none"
	plainHook   rootHook = "PersistentPreRun"
	failingHook rootHook = "PersistentPreRunE"
	brokenHook  rootHook = "PersistentPreRunE that fails"
)

// A sample is a program with one command of each kind, and what its functions wrote down when they were called.
type sample struct {
	root  *cobra.Command
	trace []string
	out   bytes.Buffer
}

func (s *sample) note(what string) func(*cobra.Command, []string) {
	return func(command *cobra.Command, args []string) {
		s.trace = append(s.trace, fmt.Sprintf("%s %s %q %v", what, command.CommandPath(), args, command.Context() != nil))
	}
}

func (s *sample) noteE(what string, err error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		s.note(what)(command, args)
		return err
	}
}

func newSample(hook rootHook) *sample {
	s := &sample{root: &cobra.Command{Use: "pace", Version: "1.16.0"}}
	s.root.SetOut(&s.out)
	s.root.SetErr(&s.out)
	switch hook {
	case plainHook:
		s.root.PersistentPreRun = s.note("root pre")
		s.root.PersistentPostRun = s.note("root post")
	case failingHook:
		s.root.PersistentPreRunE = s.noteE("root pre", nil)
		s.root.PersistentPostRunE = s.noteE("root post", nil)
	case brokenHook:
		s.root.PersistentPreRunE = s.noteE("root pre", errors.New("not logged in"))
	}

	get := &cobra.Command{Use: "get", Aliases: []string{"g"}, Short: "a group"}
	get.AddCommand(&cobra.Command{Use: "data-policy [ID]", Aliases: []string{"dp"}, Run: s.note("run")})
	get.PersistentFlags().String("output", "", "")

	all := &cobra.Command{
		Use: "all", PreRunE: s.noteE("pre", nil), RunE: s.noteE("run", nil), PostRunE: s.noteE("post", nil),
		PreRun: s.note("hidden"), Run: s.note("hidden"), PostRun: s.note("hidden"),
	}
	plain := &cobra.Command{Use: "plain", PreRun: s.note("pre"), Run: s.note("run"), PostRun: s.note("post")}
	one := &cobra.Command{Use: "one", Args: cobra.ExactArgs(1), Run: s.note("run")}
	required := &cobra.Command{Use: "required", PreRun: s.note("pre"), Run: s.note("run")}
	required.Flags().String("file", "", "")
	_ = required.MarkFlagRequired("file")
	either := &cobra.Command{Use: "either", Run: s.note("run")}
	either.Flags().Bool("a", false, "")
	either.Flags().Bool("b", false, "")
	either.MarkFlagsMutuallyExclusive("a", "b")

	own := &cobra.Command{Use: "own", PersistentPreRun: s.note("own pre"), PersistentPostRun: s.note("own post")}
	own.AddCommand(&cobra.Command{Use: "list", Run: s.note("run")})
	ownE := &cobra.Command{Use: "own-e", PersistentPreRunE: s.noteE("own pre", nil)}
	ownE.AddCommand(&cobra.Command{Use: "list", RunE: s.noteE("run", errors.New("no list"))})
	calling := &cobra.Command{Use: "calling", Run: s.note("run")}
	calling.PersistentPreRun = func(command *cobra.Command, args []string) {
		if up := s.root.PersistentPreRun; up != nil {
			up(command, args)
		}
		s.note("own pre")(command, args)
	}
	private := &cobra.Command{Use: "private", Annotations: map[string]string{overtcobra.Uncounted: ""}}
	private.AddCommand(&cobra.Command{Use: "thing", Run: s.note("run")})
	docs := &cobra.Command{Use: "docs"}
	docs.AddCommand(&cobra.Command{Use: "help", Run: s.note("run")})

	s.root.AddCommand(
		get, all, plain, one, required, either, own, ownE, calling, private, docs,
		&cobra.Command{Use: "raw", DisableFlagParsing: true, Run: s.note("run")},
		&cobra.Command{Use: "fail", RunE: s.noteE("run", errors.New("no"))},
		&cobra.Command{Use: "fail-early", PreRunE: s.noteE("pre", errors.New("no")), Run: s.note("run")},
		&cobra.Command{Use: "fail-late", Run: s.note("run"), PostRunE: s.noteE("post", errors.New("no"))},
		&cobra.Command{Use: "seven", RunE: s.noteE("run", fmt.Errorf("sorry: %w", coded(7))), SilenceUsage: true},
		&cobra.Command{Use: "silent", RunE: s.noteE("run", errors.New("no")), SilenceErrors: true, SilenceUsage: true},
		&cobra.Command{Use: "old", Deprecated: "use plain", Hidden: true, Run: s.note("run")},
	)
	return s
}

// execute gives all that can be seen of a run.
func (s *sample) execute(arguments string) (err error, seen string) {
	s.trace = nil
	s.out.Reset()
	s.root.SetArgs(strings.Fields(arguments))
	err = s.root.Execute()
	return err, fmt.Sprintf("%s\n%s%T %v", strings.Join(s.trace, "\n"), s.out.String(), err, err)
}
