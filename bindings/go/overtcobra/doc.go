// Package overtcobra counts the commands of a cobra CLI, and gives it a command by which its users see what is counted
// and switch it off.
//
//	func main() {
//		config := overt.Config{App: "pace", AppVersion: version, CountersPath: path, CountersEndpoint: url}
//		client, _ := overt.New(config) // nil, if an option cannot be used, records nothing
//		root.AddCommand(overtcobra.Command(client, config))
//		finish := overtcobra.Instrument(root, client)
//		os.Exit(finish(root.Execute()))
//	}
//
// # What is counted
//
// A run, by the command's path and the exit code: "pace get data-policy", 0. The path is [cobra.Command.CommandPath], the
// names that the program gives its commands, whatever alias or prefix was typed; arguments and flags are never looked at.
// So the root's name should be a word, not os.Args[0].
//
// A run is what cobra calls the persistent pre-run of. A missing required flag and an error of any of the command's
// functions are runs that failed. These are none:
//
//   - --help and --version, in every form; a group without a subcommand, which shows its help;
//   - unknown commands and flags, flags that cannot be parsed, a wrong number of arguments;
//   - the help command, and __complete, which shells call at every TAB;
//   - the command of [Command]: looking at telemetry is not told;
//   - commands with the annotation [Uncounted], and those below them.
//
// Each run is counted once, also if a command executes the root again: it then is one run, the outer one, unless the
// program calls finish for the inner ones too.
//
// # How a run ends
//
// By finish, whose argument is what Execute gave. A program that ends elsewhere (in a command, on a signal) says
// os.Exit(finish(err)) there, on any goroutine; a bare os.Exit, log.Fatal and an uncaught signal are not counted.
//
// A panic is counted with exit code 2, which is Go's, when it leaves one of the command's functions. It is never
// recovered: value, trace and exit code are those that the program has without this package.
//
// # What the program notices
//
// Nothing. Output, errors, contexts, exit codes and the order of functions stay as they are. A root without a persistent
// pre-run is given an empty one; functions that are there are called from inside ours. No variable of cobra's is touched.
// With a nil client the commands are left as they are; while consent is off nothing is recorded.
package overtcobra
