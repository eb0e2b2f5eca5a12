//go:build linux || darwin || windows

package pure

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
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
	if ledger := readLedger(next.spoolDir()); ledger.Delivered != 5 || ledger.Lost["memory_full"] != 1 || ledger.Requests != 2 {
		t.Errorf("%+v", ledger)
	}
}

func TestAReadOnlySpoolIsNotSentAgainAndAgain(t *testing.T) {
	server := receive(t)
	config := testConfig(t, server)
	config.Background = false
	client := testClient(t, config)
	client.Capture(&Event{Name: "e"})
	name := segments(client.spoolDir(), segmentEnding)[0]
	// Nobody can mark what is done.
	if err := os.Mkdir(client.session.Load().spool().path(name, doneEnding), 0o700); err != nil {
		t.Fatal(err)
	}
	if status := client.Flush(time.Minute); status != Undelivered || len(server.uuids) != 0 {
		t.Errorf("flush: %v, %d arrived", status, len(server.uuids))
	}
}
