package overtcobra

import (
	"sync"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/spf13/cobra"
)

// Uncounted is an annotation that keeps a command, and all below it, from being counted: for commands that are made from
// a user's own files, whose names are not the program's. Its value does not matter.
const Uncounted = "overtcobra_uncounted"

// An Option says what [Instrument] does beyond its defaults.
type Option func(*tracker)

// Events also records each counted run as one event command_run, with the properties command, duration_ms, exit_reason
// ("success", the name of the error's type, "panic"; never an error's text), exit_code and session_id, a random UUID. It
// needs [overt.Config.APIKey].
func Events() Option { return func(t *tracker) { t.events = true } }

// ExitCode says which exit code stands for what Execute gave. Default: 0 for nil, what ExitCode() int of an error in the
// chain gives if that is not negative (so an [os/exec.ExitError] passes its code on), else 1.
func ExitCode(rule func(error) int) Option { return func(t *tracker) { t.exitCode = rule } }

// Instrument counts the runs of root's commands through client, by [overt.Client.RecordCommand]. It is called after all
// commands are added and have their functions, before Execute: one that is added later is counted, unless it has a
// persistent pre-run of its own.
//
// The function that it gives is called with what Execute gave, and before the program ends. It counts the run, closes
// the client, which waits for at most [overt.Config.ExitTimeout], and gives the exit code. It prints nothing. Execute may
// be called again afterwards: what is then recorded, a later process delivers.
func Instrument(root *cobra.Command, client *overt.Client, options ...Option) (finish func(error) int) {
	t := &tracker{client: client, exitCode: exitCode, hooked: map[*cobra.Command]bool{}}
	for _, option := range options {
		option(t)
	}
	if client != nil {
		root = root.Root()
		if root.PersistentPreRun == nil && root.PersistentPreRunE == nil {
			// Not the E form, which would hide one that the program sets later.
			root.PersistentPreRun = func(*cobra.Command, []string) {}
		}
		t.hookStarts(root)
	}
	return t.finish
}

// A tracker knows the run that is under way.
type tracker struct {
	client   *overt.Client
	events   bool
	exitCode func(error) int
	// mutex guards all that follows: a goroutine that waits for a signal may finish a run.
	mutex   sync.Mutex
	hooked  map[*cobra.Command]bool
	current *run
}

// A run of a command.
type run struct {
	command *cobra.Command
	// path is empty if the run is not counted.
	path  string
	began time.Time
	// depth counts those of the command's functions that are being called.
	depth int
	over  bool
	// outer is the run that executed the root again.
	outer *run
}

// begin is called before a persistent pre-run: of a command that has several, before each.
func (t *tracker) begin(command *cobra.Command) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	outer := t.current
	if outer != nil && outer.command == command {
		return
	}
	for above := command; above != nil; above = above.Parent() {
		t.hookRest(above)
	}
	if outer != nil && outer.depth == 0 {
		outer = outer.outer // its end was never told
	}
	t.current = &run{command: command, path: countedPath(command), began: time.Now(), outer: outer}
}

// countedPath gives the path under which a command is counted; "" if it is not.
func countedPath(command *cobra.Command) string {
	if command.Name() == cobra.ShellCompRequestCmd {
		return ""
	}
	if command.Name() == "help" && command.HasParent() && !command.Parent().HasParent() {
		return ""
	}
	for above := command; above != nil; above = above.Parent() {
		if _, marked := above.Annotations[Uncounted]; marked {
			return ""
		}
	}
	return command.CommandPath()
}

// during calls one of the functions of the run that is under way. A panic passes through: it is not recovered, so that
// nothing about it changes.
func (t *tracker) during(function func() error) error {
	t.mutex.Lock()
	r := t.current
	if r != nil {
		r.depth++
	}
	t.mutex.Unlock()
	returned := false
	defer func() { t.after(r, returned) }()
	err := function()
	returned = true
	return err
}

func (t *tracker) after(r *run, returned bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if r == nil || r.over {
		return
	}
	r.depth--
	t.current = r // runs inside of it that nobody finished are a part of it
	if !returned {
		t.end(r, panicExitCode, "panic")
	}
}

// finish does not keep the mutex while it waits for delivery.
func (t *tracker) finish(err error) int {
	code := t.exitCode(err)
	t.mutex.Lock()
	if t.current != nil {
		t.end(t.current, code, exitReason(err, code))
	}
	isLast := t.current == nil
	t.mutex.Unlock()
	if isLast {
		_ = t.client.Close() // what was not delivered waits for the next run
	}
	return code
}

// end records a run, and goes back to the one around it.
func (t *tracker) end(r *run, code int, reason string) {
	r.over, t.current = true, r.outer
	if r.path == "" {
		return
	}
	code = asSeen(code)
	// Nobody is there to hear of a failure: the run is over.
	t.client.RecordCommand(r.path, code)
	if t.events {
		t.client.CaptureEvent("command_run", overt.Props{
			"command":     r.path,
			"duration_ms": time.Since(r.began).Milliseconds(),
			"exit_reason": reason,
			"exit_code":   code,
			"session_id":  newUUID(),
		})
	}
}
