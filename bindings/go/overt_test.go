package overt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestAnEventArrivesAsItWasCaptured(t *testing.T) {
	server := serve(t)
	client := open(t, server.config(t))
	uuid := record(t, client, "command_run", overt.Props{"command": "get", "exit_code": 0})
	flush(t, client)

	arrived := server.one(t)
	equal(t, "name", arrived.Name, "command_run")
	equal(t, "uuid", arrived.UUID, uuid)
	equal(t, "command", arrived.Properties["command"], any("get"))
	equal(t, "exit_code", arrived.Properties["exit_code"], any(json.Number("0")))
	equal(t, "app version", arrived.Properties["$app_version"], any("1.2.3"))
	equal(t, "key", server.requests()[0].body.Key, "phc_test")
	id, err := client.ClientID()
	equal(t, "distinct ID", arrived.DistinctID, id)
	equal(t, "error", err, nil)
}

func TestMoreCanBeSaidOfAnEvent(t *testing.T) {
	server := serve(t)
	client := open(t, server.config(t))
	const uuid = "0198b0b5-7c25-7000-8000-0123456789ab"
	captured := client.Capture(overt.Event{
		Name:       "job",
		Props:      overt.Props{"nested": map[string]any{"n": 1}, "bad \xff key": nil, "": ""},
		DistinctID: "somebody",
		Timestamp:  time.Date(2026, 11, 20, 20, 10, 36, 493_318_999, time.FixedZone("", 2*3600)),
		UUID:       uuid,
		Options:    overt.Options{ProcessPersonProfile: overt.Bool(true), SessionID: "s1"},
	})
	equal(t, "status", captured.Status, overt.OK)
	equal(t, "uuid", captured.UUID(), uuid)
	flush(t, client)

	arrived := server.one(t)
	equal(t, "uuid", arrived.UUID, uuid)
	equal(t, "distinct ID", arrived.DistinctID, "somebody")
	equal(t, "timestamp", arrived.Timestamp, "2026-11-20T18:10:36.493318Z")
	equal(t, "profile", arrived.Properties["$process_person_profile"], any(true))
	equal(t, "session", arrived.Properties["$session_id"], any("s1"))
	equal(t, "nested", arrived.Properties["nested"].(map[string]any)["n"], any(json.Number("1")))
	for _, key := range []string{"bad \uFFFD key", ""} {
		if _, found := arrived.Properties[key]; !found {
			t.Errorf("%q did not arrive: %v", key, arrived.Properties)
		}
	}
}

func TestEachOptionArrivesOnBothWires(t *testing.T) {
	options := overt.Options{
		ProcessPersonProfile: overt.Bool(true), CookielessMode: overt.Bool(false), DisableSkewCorrection: overt.Bool(true),
		ProductTourID: "t", SessionID: "s", WindowID: "w",
	}
	for wire, arrived := range map[string]string{
		"posthog": `"$cookieless_mode":false,"$ignore_sent_at":true,"$process_person_profile":true,"$product_tour_id":"t",` +
			`"$session_id":"s","$window_id":"w"`,
		"posthog-v1": `"cookieless_mode":false,"disable_skew_correction":true,"process_person_profile":true,` +
			`"product_tour_id":"t","session_id":"s","window_id":"w"`,
	} {
		if wire == "posthog-v1" && !overt.WithCgo {
			continue // refused, as TestWithoutCgoNothingIsSilentlyMissing shows
		}
		server := serve(t)
		config := server.config(t)
		config.Wire = wire
		client := open(t, config)
		equal(t, "status", client.Capture(overt.Event{Name: "x", Options: options}).Status, overt.OK)
		flush(t, client)
		text := server.requests()[0].text
		for _, member := range strings.Split(arrived, ",") {
			if !strings.Contains(text, member) {
				t.Errorf("%s: %s is not in %s", wire, member, text)
			}
		}
	}
}

func TestWhatAServerWouldRefuseIsRefusedAtCapture(t *testing.T) {
	config := serve(t).config(t)
	config.MaxEventBytes = 2000
	client := open(t, config)
	long := overt.Props{"long": strings.Repeat("x", 2000)}
	for _, refused := range []struct {
		event overt.Event
		want  overt.Status
	}{
		{overt.Event{}, overt.InvalidName},
		{overt.Event{Name: strings.Repeat("x", 201)}, overt.InvalidName},
		{overt.Event{Name: "\xff"}, overt.InvalidUTF8},
		{overt.Event{Name: "x", DistinctID: "null"}, overt.InvalidDistinctID},
		{overt.Event{Name: "x", DistinctID: "\xff"}, overt.InvalidUTF8},
		{overt.Event{Name: "x", UUID: "1"}, overt.InvalidUUID},
		{overt.Event{Name: "x", Timestamp: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, overt.InvalidTimestamp},
		{overt.Event{Name: "x", Props: long}, overt.EventTooLarge},
		{overt.Event{Name: "x", Props: long, Force: true}, overt.EventTooLarge},
		{overt.Event{Name: "x", Props: overt.Props{"n": json.RawMessage("[1e999]")}}, overt.InvalidProperties},
		{overt.Event{Name: "x", Props: overt.Props{"n": json.RawMessage("[1e999]")}, Force: true}, overt.InvalidProperties},
	} {
		captured := client.Capture(refused.event)
		equal(t, fmt.Sprintf("%.40v", refused.event), captured.Status, refused.want)
		equal(t, "uuid", captured.UUID(), "")
		if !errors.Is(captured.Err(), refused.want) || !strings.HasPrefix(captured.Err().Error(), "overt: ") {
			t.Errorf("the error is %v", captured.Err())
		}
	}
	equal(t, "pending", len(client.Pending()), 0)
}

func TestWhatWaitsAndWhatWasSentCanBeReadWordForWord(t *testing.T) {
	server := serve(t)
	client := open(t, server.config(t))
	equal(t, "storage", client.Stats(), overt.Stats{Storage: "none"})
	for n := range 2 {
		record(t, client, "one", overt.Props{"n": n})
	}
	waiting := client.Pending()
	equal(t, "pending", len(waiting), 2)
	equal(t, "stats", client.Stats(), overt.Stats{Recorded: 2, Pending: 2, Storage: "disk"})
	flush(t, client)

	equal(t, "sent", strings.Join(client.Sent(), "\n"), strings.Join(waiting, "\n"))
	equal(t, "pending", len(client.Pending()), 0)
	if body := server.requests()[0].text; !strings.Contains(body, strings.Join(waiting, ",")) {
		t.Errorf("sent was %s", body)
	}
	equal(t, "stats", client.Stats(), overt.Stats{Recorded: 2, Delivered: 2, Requests: 1, Storage: "disk"})
}

func TestWhatAServerSaysNothingAboutIsDeliveredAndUnconfirmed(t *testing.T) {
	if !overt.WithCgo {
		t.Skip("without cgo there is only the wire posthog, which has one status for all")
	}
	server := serve(t) // a 200 without a result for the event
	config := server.config(t)
	config.Wire = "posthog-v1"
	client := open(t, config)
	record(t, client, "one", nil)
	flush(t, client)
	want := overt.Stats{Recorded: 1, Delivered: 1, Unconfirmed: 1, Requests: 1, Storage: "disk"}
	equal(t, "stats", client.Stats(), want)
}

func TestLossesAreCountedByReason(t *testing.T) {
	server := (&server{status: http.StatusBadRequest}).start(t)
	client := open(t, server.config(t))
	record(t, client, "one", nil)
	flush(t, client)
	equal(t, "refused", client.Losses()[overt.LossRefused], 1)
	equal(t, "reasons", len(client.Losses()), 1)
	equal(t, "stats", client.Stats().Lost, 1)
}

func TestAFlushEndsWithItsContext(t *testing.T) {
	server := (&server{status: http.StatusOK, hold: make(chan struct{})}).start(t)
	client := open(t, server.config(t))
	record(t, client, "one", nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if err := client.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if err := client.Flush(ctx); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	equal(t, "requests", len(server.requests()), 0)

	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := client.Flush(ctx)
	if err != overt.Timeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the server says nothing: %v", err)
	}
	equal(t, "pending", len(client.Pending()), 1)
	close(server.hold)
	flush(t, client)
}

func TestWithoutAServerEventsStayAndTheHostIsTold(t *testing.T) {
	server := (&server{status: http.StatusServiceUnavailable}).start(t)
	config := server.config(t)
	config.MaxRetries = overt.Int(0)
	client := open(t, config)
	record(t, client, "one", nil)
	if err := client.Flush(patience(t)); err != overt.Undelivered {
		t.Errorf("flush: %v", err)
	}
	equal(t, "requests", len(server.requests()), 1)
	equal(t, "pending", len(client.Pending()), 1)
	equal(t, "failures", client.Stats().Failures, 1)
}

func TestAfterCloseEventsAreRecordedForTheNextRun(t *testing.T) {
	server := serve(t)
	config := server.config(t)
	client := open(t, config)
	record(t, client, "before", nil)
	equal(t, "close", client.Close(), nil)
	record(t, client, "after", nil)
	equal(t, "close", client.Close(), nil)
	equal(t, "requests", len(server.requests()), 0)

	next := open(t, config)
	flush(t, next)
	equal(t, "arrived", len(server.events()), 2)
}

func TestCloseWaitsForAsLongAsItIsTold(t *testing.T) {
	server := serve(t)
	config := server.config(t)
	config.ExitTimeout = time.Minute
	client := open(t, config)
	record(t, client, "one", nil)
	equal(t, "close", client.Close(), nil)
	equal(t, "arrived", len(server.events()), 1)
	record(t, client, "late", nil)
	equal(t, "a second close", client.Close(), nil)
	client.ResetClientID() // so that it does not arrive below

	config.ExitTimeout = 0
	client = open(t, config)
	record(t, client, "two", nil)
	equal(t, "close", client.CloseContext(patience(t)), nil)
	equal(t, "arrived", len(server.events()), 2)

	client = open(t, config)
	record(t, client, "three", nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	equal(t, "close", client.CloseContext(cancelled), context.Canceled)
	equal(t, "arrived", len(server.events()), 2)
	if err := client.Flush(patience(t)); err != overt.Undelivered {
		t.Errorf("a closed client delivers: %v", err)
	}
}

func TestAThreadDeliversByItself(t *testing.T) {
	server := serve(t)
	config := server.config(t)
	config.Background, config.FlushAt, config.FlushInterval = nil, 2, overt.Duration(time.Hour)
	client := open(t, config)
	record(t, client, "one", nil)
	record(t, client, "two", nil)
	equal(t, "batch", len((<-server.arrived).body.Batch), 2)

	config.StateDir, config.FlushAt, config.FlushInterval = tempDir(t), 0, overt.Duration(0)
	other := open(t, config)
	record(t, other, "one", nil)
	equal(t, "batch", len((<-server.arrived).body.Batch), 1)
	for _, client := range []*overt.Client{client, other} {
		flush(t, client) // its files are the test's again
	}
}

func TestManyGoroutinesMayCaptureAtOnce(t *testing.T) {
	const goroutines, each = 32, 25
	server := serve(t)
	client := open(t, server.config(t))
	var uuids sync.Map
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for n := range each {
				event := overt.Event{Name: "one", Props: overt.Props{"g": g, "n": n, "text": strings.Repeat("x", n)}}
				if n%5 == 0 {
					event.DistinctID = "somebody"
				}
				if uuid := client.Capture(event).UUID(); uuid != "" {
					uuids.Store(uuid, true)
				}
				client.Consent()
				client.Stats()
			}
		})
	}
	all.Wait()
	flush(t, client)
	events := server.events()
	equal(t, "arrived", len(events), goroutines*each)
	for _, event := range events {
		if _, captured := uuids.LoadAndDelete(event.UUID); !captured {
			t.Errorf("%s arrived twice, or was never captured", event.UUID)
		}
		if text, _ := event.Properties["text"].(string); fmt.Sprint(len(text)) != fmt.Sprint(event.Properties["n"]) {
			t.Errorf("an event holds parts of another: %v", event.Properties)
		}
	}
}

func init() {
	children["capture and die"] = func(argument string) {
		var config overt.Config
		if err := json.Unmarshal([]byte(argument), &struct{ *overt.Config }{&config}); err != nil {
			fmt.Println(err)
			return
		}
		client, err := overt.New(config)
		fmt.Println(client.CaptureEvent("last words", nil).UUID(), err)
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			self.Kill()
		}
	}
}

func TestTheNextProcessDeliversWhatADeadOneRecorded(t *testing.T) {
	server := serve(t)
	config := server.config(t)
	argument, err := json.Marshal(map[string]any{
		"App": config.App, "APIKey": config.APIKey, "Endpoint": config.Endpoint, "StateDir": config.StateDir, "InCI": true,
	})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "OVERT_TEST_CHILD=capture and die", "OVERT_TEST_ARGUMENT="+string(argument))
	output, err := child.Output()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.Success() || exit.Exited() && runtime.GOOS != "windows" {
		t.Fatalf("the child was not killed: %v %s", err, output)
	}
	said, _, _ := strings.Cut(string(output), "\n")
	flush(t, open(t, config))
	equal(t, "the child said", said, server.one(t).UUID+" <nil>")
}

func TestANilClientDoesNothing(t *testing.T) {
	var none *overt.Client
	for _, client := range []*overt.Client{none, {}} {
		equal(t, "capture", client.CaptureEvent("x", overt.Props{"a": 1}), overt.Capture{Status: overt.Disabled})
		equal(t, "capture", client.Capture(overt.Event{Force: true}).Status, overt.Disabled)
		equal(t, "error", client.CaptureEvent("", nil).Err(), nil)
		equal(t, "flush", client.Flush(t.Context()), nil)
		equal(t, "flush", client.Flush(nil), nil) //nolint:staticcheck // what a careless host passes
		equal(t, "consent", client.Consent(), overt.Consent{Reason: overt.ReasonNoClient})
		said, err := client.SetConsent(true)
		equal(t, "consent", said, overt.Consent{Reason: overt.ReasonNoClient})
		equal(t, "error", err, nil)
		id, err := client.ClientID()
		equal(t, "id", id, "")
		equal(t, "error", err, nil)
		id, err = client.ResetClientID()
		equal(t, "id", id, "")
		equal(t, "error", err, nil)
		equal(t, "pending", len(client.Pending())+len(client.Sent())+len(client.Losses()), 0)
		equal(t, "stats", client.Stats(), overt.Stats{Storage: "none"})
		equal(t, "close", client.Close(), nil)
		equal(t, "close", client.CloseContext(t.Context()), nil)
	}
}

func TestAClientThatNobodyHoldsIsFreed(t *testing.T) {
	freed := make(chan struct{})
	func() {
		config := serve(t).config(t)
		hook := new([1 << 10]byte)
		runtime.AddCleanup(hook, func(freed chan struct{}) { close(freed) }, freed)
		config.BeforeSend = func(event json.RawMessage) json.RawMessage { return append(event, hook[:0]...) }
		client, err := overt.New(config)
		if err != nil {
			t.Fatal(err)
		}
		record(t, client, "one", nil)
	}()
	for {
		runtime.GC() // the client first, then what its hook holds
		select {
		case <-freed:
			return
		default:
			runtime.Gosched()
		}
	}
}

func TestTheLibraryIsTheOneOfTheHeader(t *testing.T) {
	equal(t, "version", overt.Version(), header(t, `#define OVERT_VERSION "([^"]*)"`)[0][1])
}
