package overt_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// A request as the server got it.
type request struct {
	header http.Header
	text   string
	body   struct {
		Key                 string  `json:"api_key"`
		Batch               []event `json:"batch"`
		HistoricalMigration bool    `json:"historical_migration"`
	}
}

type event struct {
	Name       string         `json:"event"`
	UUID       string         `json:"uuid"`
	DistinctID string         `json:"distinct_id"`
	Timestamp  string         `json:"timestamp"`
	Properties map[string]any `json:"properties"`
}

// A server on loopback that keeps what it gets and answers with a status.
type server struct {
	url    string
	status int
	says   string
	// hold, if there is one, is waited for before each answer.
	hold    chan struct{}
	arrived chan request
	mutex   sync.Mutex
	got     []request
}

func serve(t *testing.T) *server {
	t.Helper()
	return (&server{status: http.StatusOK}).start(t)
}

func (s *server) start(t *testing.T) *server {
	t.Helper()
	s.arrived = make(chan request, 1000)
	listening := httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(listening.Close)
	s.url = listening.URL
	return s
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	text, err := io.ReadAll(body)
	found := request{header: r.Header.Clone(), text: string(text)}
	numbers := json.NewDecoder(strings.NewReader(found.text))
	numbers.UseNumber()
	if err == nil {
		err = numbers.Decode(&found.body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mutex.Lock()
	s.got = append(s.got, found)
	s.mutex.Unlock()
	s.arrived <- found
	if s.hold != nil {
		<-s.hold
	}
	w.WriteHeader(s.status)
	io.WriteString(w, s.says)
}

func (s *server) requests() []request {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]request(nil), s.got...)
}

func (s *server) events() []event {
	var events []event
	for _, request := range s.requests() {
		events = append(events, request.body.Batch...)
	}
	return events
}

// config sends to the server when it is told to, from a state directory of the test's, on CI too.
func (s *server) config(t *testing.T) overt.Config {
	t.Helper()
	return overt.Config{
		App: "scenario", AppVersion: "1.2.3", APIKey: "phc_test", Endpoint: s.url, StateDir: tempDir(t),
		InCI: true, Background: overt.Bool(false),
	}
}

func open(t *testing.T, config overt.Config) *overt.Client {
	t.Helper()
	client, err := overt.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// patience is long enough for a loaded machine; nothing takes that long when all is well.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func flush(t *testing.T, client *overt.Client) {
	t.Helper()
	if err := client.Flush(patience(t)); err != nil {
		t.Fatal(err)
	}
}

func record(t *testing.T, client *overt.Client, name string, props overt.Props) string {
	t.Helper()
	captured := client.CaptureEvent(name, props)
	if captured.Status != overt.OK {
		t.Fatalf("%s: %v", name, captured.Status)
	}
	return captured.UUID()
}

// one gives the only event that the server got.
func (s *server) one(t *testing.T) event {
	t.Helper()
	events := s.events()
	if len(events) != 1 {
		t.Fatalf("%d events arrived: %v", len(events), events)
	}
	return events[0]
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
