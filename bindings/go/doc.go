// Package overt records usage telemetry that the users of a program can read, and that anyone can switch off.
//
// # A client
//
// A program makes one client when it starts, and records what happens:
//
//	client, err := overt.New(overt.Config{
//		App:        "pace",
//		AppVersion: "1.16.0",
//		APIKey:     "phc_example",
//		Endpoint:   "https://telemetry.example.com",
//	})
//	if err != nil {
//		log.Printf("no telemetry: %v", err)
//	}
//	defer client.Close()
//
//	client.CaptureEvent("command_run", overt.Props{"command": "pace get processors", "exit_code": 0})
//
// [New] fails only if an option cannot be used. The client is then nil, and a nil *Client is a disabled one: nothing
// else needs a check. No call panics, prints to stdout, or waits for the network without being told to.
//
// # What is recorded
//
// When [Client.CaptureEvent] answers [OK] the event lies in a file, as one line of JSON, and survives the death of the
// process by any signal. The values of [Props] are what programs have at hand: numbers, texts, times, errors, maps,
// slices, structs. [Client.Capture] takes an [Event], of which more can be said: whose it is, when it happened, a UUID.
//
// [Config.BeforeSend] has a last look at each event, and may change or drop it.
//
// # Delivery
//
// A thread of overt's (without cgo a goroutine) delivers events while the program runs. When the program ends, nothing waits: what is left, the
// next run sends. A program that wants its events in before it ends says for how long it would wait, by
// [Config.ExitTimeout] for [Client.Close], or by the deadline of a context for [Client.Flush] and
// [Client.CloseContext]:
//
//	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
//	defer cancel()
//	err := client.Flush(ctx) // overt.Timeout and overt.Undelivered lose nothing
//
// A program whose runs are shorter than a request can leave that to a process of its own: with [Config.DetachedUpload],
// Close starts the program once more, in the background, where [UploaderMain] delivers and ends:
//
//	func main() {
//		overt.UploaderMain()
//		// …
//
// Close is the rule. A client that is no longer reachable is freed by the garbage collector; its events wait for the
// next run. os.Exit skips deferred calls, and that is no harm either.
//
// # Consent
//
// The user decides. The first of these that says something is followed: a variable (the tool's own ones, then
// TELEMETRY_ENABLED, then DO_NOT_TRACK) that says off, a host that says off, a variable that says on, the stored
// choice, a host that says on, CI (off), the tool's default. [Client.Consent] gives the answer and its reason, which is
// what a command like `pace telemetry status` prints; [Client.SetConsent] stores the user's choice.
//
// While consent is off there is no file, no thread, no client ID and no byte sent, and a capture costs a few
// nanoseconds.
//
// # Looking inside
//
// [Client.Pending] gives the events that wait and [Client.Sent] the last ones that were sent, word for word.
// [Client.Stats] and [Client.Losses] count.
//
// # Building
//
// With cgo the package calls overt's C library. The module has it for linux/amd64, so a C compiler is all that
// `go build` needs. Elsewhere CGO_LDFLAGS says where a library lies; with the build tag overt_system, pkg-config does:
//
//	go build -tags overt_system
//
// Without cgo (CGO_ENABLED=0, and most cross-compiling) the same API stands on a client in Go. It keeps the same files,
// which processes of both kinds share, and obeys the same choices. It lacks what is seldom needed, and New says so:
// [Config.Wire] is "posthog", [Config.Compression] "none" or "gzip", and there is no [Config.DetachedUpload]. Proxies are
// those of [net/http.ProxyFromEnvironment]. docs/go.md compares the two.
package overt
