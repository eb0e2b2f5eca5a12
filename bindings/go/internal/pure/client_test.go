//go:build linux || darwin || windows

package pure

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
)

// arrivals is a server on loopback that keeps the UUIDs that it gets.
type arrivals struct {
	*httptest.Server
	mutex sync.Mutex
	uuids map[string]int
}

func receive(t *testing.T) *arrivals {
	t.Helper()
	a := &arrivals{uuids: map[string]int{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		var body struct{ Batch []struct{ UUID string } }
		if json.Unmarshal(text, &body) != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		a.mutex.Lock()
		defer a.mutex.Unlock()
		for _, event := range body.Batch {
			a.uuids[event.UUID]++
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func testConfig(t *testing.T, server *arrivals) Config {
	t.Helper()
	config := Defaults()
	config.App, config.APIKey, config.Endpoint, config.StateDir = "pure", "phc_test", server.URL, t.TempDir()
	config.InCI = true
	return config
}

func testClient(t *testing.T, config Config) *Client {
	t.Helper()
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Free)
	return client
}

func TestManyGoroutinesRecordWhileOthersDeliverLookAndErase(t *testing.T) {
	server := receive(t)
	config := testConfig(t, server)
	config.FlushAt, config.FlushInterval, config.MaxSpoolBytes = 7, time.Millisecond, 1<<28
	clients := []*Client{testClient(t, config), testClient(t, config)}
	recorded := sync.Map{}
	var all sync.WaitGroup
	for n := range 16 {
		client := clients[n%2]
		all.Go(func() {
			for range 50 {
				uuid, status := client.Capture(&Event{Name: "e", Properties: []byte(`{"x":"` + strings.Repeat("x", n*300) + `"}`)})
				if status != OK {
					t.Errorf("status %v", status)
				}
				recorded.Store(uuid.String(), true)
			}
		})
	}
	all.Go(func() {
		for range 20 {
			clients[0].Pending()
			clients[1].Stats()
			clients[0].Sent()
			clients[1].Losses()
			clients[0].Consent()
			clients[1].Flush(time.Minute)
		}
	})
	all.Wait()
	for _, client := range clients {
		if status := client.Flush(time.Minute); status != OK {
			t.Errorf("flush: %v", status)
		}
	}
	server.mutex.Lock()
	defer server.mutex.Unlock()
	recorded.Range(func(uuid, _ any) bool {
		if server.uuids[uuid.(string)] != 1 {
			t.Errorf("%s arrived %d times", uuid, server.uuids[uuid.(string)])
		}
		return true
	})
	if len(server.uuids) != 16*50 {
		t.Errorf("%d events arrived", len(server.uuids))
	}
}

func TestConsentMayChangeWhileEventsAreRecorded(t *testing.T) {
	server := receive(t)
	config := testConfig(t, server)
	config.FlushInterval = time.Millisecond
	client := testClient(t, config)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				if _, status := client.Capture(&Event{Name: "e"}); status != OK && status != Disabled {
					t.Errorf("status %v", status)
				}
			}
		})
	}
	for n := range 21 {
		client.SetConsent(n%2 > 0)
	}
	all.Wait()
	if client.SetConsent(false) != OK || client.Pending() != "" {
		t.Errorf("pending: %q", client.Pending())
	}
	if _, err := os.Stat(client.spools()); err == nil {
		t.Error("there is a spool")
	}
}

func TestWhatAnotherProcessSaysIsNoticedAtTheNextEvent(t *testing.T) {
	server := receive(t)
	config := testConfig(t, server)
	config.Background = false
	client, other := testClient(t, config), testClient(t, config)
	record := func(want Status) {
		t.Helper()
		if _, status := client.Capture(&Event{Name: "e"}); status != want {
			t.Errorf("status %v", status)
		}
	}
	record(OK)
	id, _ := client.ClientID()
	other.SetConsent(false)
	record(Disabled)
	other.SetConsent(true)
	client.lookAtFiles()
	record(OK)
	if again, _ := client.ClientID(); again == id || strings.Count(client.Pending(), "\n") != 1 {
		t.Errorf("%s was %s; pending: %q", again, id, client.Pending())
	}
}

func TestEventsWaitInMemoryWhileTheDiskRefuses(t *testing.T) {
	server := receive(t)
	config := testConfig(t, server)
	config.Background, config.MaxMemoryEvents = false, 3
	client := testClient(t, config)
	record := func(want Status) {
		t.Helper()
		if _, status := client.Capture(&Event{Name: "e"}); status != want {
			t.Errorf("status %v", status)
		}
	}
	if err := os.WriteFile(client.spools(), nil, 0o600); err != nil { // in the place of the directory
		t.Fatal(err)
	}
	record(OK)
	record(OK)
	if stats := client.Stats(); stats.Storage != "memory" || stats.Pending != 2 || strings.Count(client.Pending(), "\n") != 2 {
		t.Errorf("%+v", stats)
	}
	if status := client.Flush(time.Minute); status != OK || len(server.uuids) != 2 || client.Pending() != "" {
		t.Errorf("from memory: %v, %d arrived", status, len(server.uuids))
	}
	for range 3 {
		record(OK)
	}
	record(Dropped)
	if err := os.Remove(client.spools()); err != nil {
		t.Fatal(err)
	}
	client.Close(0)
	if stats := client.Stats(); stats.Storage != "disk" || stats.Pending != 3 || client.Losses()["memory_full"] != 1 {
		t.Errorf("%+v", stats)
	}
	client.Free() // or the segment would stay, with the record of what was delivered of it
	next := testClient(t, config)
	if status := next.Flush(time.Minute); status != OK || len(server.uuids) != 5 {
		t.Errorf("by the next run: %v, %d arrived", status, len(server.uuids))
	}
	if ledger := spool.ReadLedger(next.spoolDir()); ledger.Delivered != 5 || ledger.Lost["memory_full"] != 1 || ledger.Requests != 2 {
		t.Errorf("%+v", ledger)
	}
}

func TestAReadOnlySpoolIsNotSentAgainAndAgain(t *testing.T) {
	server := receive(t)
	config := testConfig(t, server)
	config.Background = false
	client := testClient(t, config)
	client.Capture(&Event{Name: "e"})
	segments, _ := filepath.Glob(filepath.Join(client.spoolDir(), "*.jsonl"))
	// Nobody can mark what is done.
	if err := os.Mkdir(strings.TrimSuffix(segments[0], "jsonl")+"done", 0o700); err != nil {
		t.Fatal(err)
	}
	if status := client.Flush(time.Minute); status != Undelivered || len(server.uuids) != 0 {
		t.Errorf("flush: %v, %d arrived", status, len(server.uuids))
	}
}

func TestForceOverrulesNoPerson(t *testing.T) {
	off := false
	for name, set := range map[string]func(config *Config, c func() *Client) Status{
		"the host": func(config *Config, c func() *Client) Status {
			config.Consent = &off
			return OK
		},
		"the host and a stored choice": func(config *Config, c func() *Client) Status {
			c().SetConsent(false)
			config.Consent = &off
			return Disabled
		},
		"the host and a choice that cannot be read": func(config *Config, c func() *Client) Status {
			write(t, filepath.Join(config.StateDir, "consent"), []byte("perhaps"))
			config.Consent = &off
			return Disabled
		},
		"the host, and a variable overrules the stored choice": func(config *Config, c func() *Client) Status {
			c().SetConsent(false)
			t.Setenv("TELEMETRY_ENABLED", "1")
			config.Consent = &off
			return OK
		},
		"CI, and a notice that nobody has seen": func(config *Config, c func() *Client) Status {
			t.Setenv("CI", "1")
			config.InCI, config.Notice = false, "We count."
			return Disabled
		},
		"CI": func(config *Config, c func() *Client) Status {
			t.Setenv("CI", "1")
			config.InCI = false
			return OK
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t, receive(t))
			config.Background = false
			want := set(&config, func() *Client { return testClient(t, config) })
			client := testClient(t, config)
			if _, status := client.Capture(&Event{Name: "e"}); status != Disabled {
				t.Errorf("without force: %v", status)
			}
			if _, status := client.Capture(&Event{Name: "e", Force: true}); status != want {
				t.Errorf("with force: %v, want %v", status, want)
			}
			os.Unsetenv("TELEMETRY_ENABLED")
			os.Unsetenv("CI")
		})
	}
}

func TestForceOverrulesNoOffThatWasSaidInThisProcess(t *testing.T) {
	config := testConfig(t, receive(t))
	t.Setenv("TELEMETRY_ENABLED", "1")
	client := testClient(t, config)
	client.SetConsent(false)
	if _, status := client.Capture(&Event{Name: "e", Force: true}); status != Disabled {
		t.Error(status)
	}
	if _, err := os.Stat(filepath.Join(config.StateDir, "client_id")); err == nil {
		t.Error("there is a client ID")
	}
}

// answering is a server that does something while it has a request, and answers with a status.
func answering(t *testing.T, do func(request int) (status int)) (server *arrivals, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server = &arrivals{Server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.WriteHeader(do(int(requests.Add(1))))
	}))}
	t.Cleanup(server.Close)
	return server, requests
}

func TestWhatWasErasedIsNotTriedAgain(t *testing.T) {
	for name, erase := range map[string]func(client, other *Client){
		"by this process":              func(client, _ *Client) { client.ResetClientID() },
		"by this process, from memory": func(client, _ *Client) { client.ResetClientID() },
		"by another": func(_, other *Client) {
			other.SetConsent(false)
			other.SetConsent(true)
			other.Capture(&Event{Name: "new"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var client, other *Client
			server, requests := answering(t, func(int) int {
				erase(client, other)
				return http.StatusServiceUnavailable
			})
			config := testConfig(t, server)
			config.FlushInterval = time.Hour
			client, other = testClient(t, config), testClient(t, config)
			if strings.HasSuffix(name, "memory") {
				write(t, client.spools(), nil) // in the place of the directory
			}
			client.Capture(&Event{Name: "old"})
			client.Flush(time.Minute)
			if requests.Load() != 1 {
				t.Errorf("%d requests", requests.Load())
			}
			if strings.Contains(client.Pending(), `"old"`) {
				t.Errorf("pending: %s", client.Pending())
			}
		})
	}
}

func TestANewIDOfAnotherProcessIsTakenOver(t *testing.T) {
	config := testConfig(t, receive(t))
	client, other := testClient(t, config), testClient(t, config)
	old, _ := client.ClientID() // it has written nothing that could be missed
	now, _ := other.ResetClientID()
	client.lookAtFiles()
	if id, _ := client.ClientID(); id != now || id == old {
		t.Errorf("%s, then %s; the other has %s", old, id, now)
	}
}

func TestNothingIsLeftBehindAfterOff(t *testing.T) {
	config := testConfig(t, receive(t))
	config.Background = false
	client, other := testClient(t, config), testClient(t, config)
	if err := os.WriteFile(client.spools(), nil, 0o600); err != nil { // in the place of the directory
		t.Fatal(err)
	}
	client.Capture(&Event{Name: "e"})
	if err := os.Remove(client.spools()); err != nil {
		t.Fatal(err)
	}
	other.SetConsent(false)
	client.Close(0)
	if _, err := os.Stat(client.spools()); err == nil {
		t.Error("there is a spool")
	}
}

func TestAChoiceThatCanBeReadAgainCounts(t *testing.T) {
	config := testConfig(t, receive(t))
	config.Background = false
	client := testClient(t, config)
	if err := os.Mkdir(client.consentPath(), 0o700); err != nil {
		t.Fatal(err)
	}
	client.look.DoSoon()
	if _, status := client.Capture(&Event{Name: "e"}); status != Disabled {
		t.Errorf("status %v", status)
	}
	if err := os.Remove(client.consentPath()); err != nil {
		t.Fatal(err)
	}
	client.look.DoSoon()
	if _, status := client.Capture(&Event{Name: "e"}); status != OK {
		t.Errorf("status %v", status)
	}
}

func TestNoBatchBeginsAfterTheClose(t *testing.T) {
	var client *Client
	server, requests := answering(t, func(int) int {
		client.Close(0)
		return http.StatusOK
	})
	config := testConfig(t, server)
	config.FlushAt, config.FlushInterval = 1_000, time.Hour
	client = testClient(t, config)
	for range 250 {
		client.Capture(&Event{Name: "e"})
	}
	client.Flush(time.Minute)
	waitForWorker(client)
	if requests.Load() != 1 || strings.Count(client.Pending(), "\n") != 150 {
		t.Errorf("%d requests", requests.Load())
	}
}

func TestAServerThatIsSilentInTheHandshakeHoldsNoConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ended := make(chan error, 1)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			defer connection.Close()
			_, err = io.Copy(io.Discard, connection) // until the client hangs up
		}
		ended <- err
	}()
	config := testConfig(t, &arrivals{Server: &httptest.Server{URL: "https://" + listener.Addr().String()}})
	config.Timeout, config.MaxRetries = 100*time.Millisecond, 0
	client := testClient(t, config)
	client.Capture(&Event{Name: "e"})
	if status := client.Flush(time.Minute); status != Undelivered {
		t.Errorf("status %v", status)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the connection is still there")
	}
}

func TestAnEventThatIsBeingRecordedDuringAResetHasTheNewID(t *testing.T) {
	var client *Client
	config, shown := testConfig(t, receive(t)), 0
	config.Background = false
	config.BeforeSend = func(event []byte) []byte {
		if shown++; shown == 1 {
			client.ResetClientID()
		}
		return event
	}
	client = testClient(t, config)
	_, status := client.Capture(&Event{Name: "e"})
	id, _ := client.ClientID()
	if status != OK || strings.Count(client.Pending(), "\n") != 1 || !strings.Contains(client.Pending(), id) {
		t.Errorf("%v: %s has no %s", status, client.Pending(), id)
	}
}

func TestWhatIsAnsweredAfterTheClientWasFreedIsNotSentAgain(t *testing.T) {
	var client *Client
	server, _ := answering(t, func(int) int {
		client.Free()
		return http.StatusOK
	})
	config := testConfig(t, server)
	config.FlushInterval = time.Hour
	client = testClient(t, config)
	client.Capture(&Event{Name: "e"})
	client.Flush(time.Minute)
	waitForWorker(client)
	next := testClient(t, config)
	if ledger := spool.ReadLedger(next.spoolDir()); next.Pending() != "" || ledger.Delivered != 1 {
		t.Errorf("pending: %q, %+v", next.Pending(), ledger)
	}
}

// waitForWorker waits until a client that is closed delivers no more.
func waitForWorker(client *Client) {
	for running := true; running; time.Sleep(time.Millisecond) {
		client.worker.mutex.Lock()
		running = client.worker.running
		client.worker.mutex.Unlock()
	}
}
