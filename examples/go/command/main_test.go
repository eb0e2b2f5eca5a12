package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestACommandIsRecordedAndDelivered(t *testing.T) {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
	}))
	t.Setenv("OVERT_DEMO_STATE", t.TempDir())
	t.Setenv("TELEMETRY_ENABLED", "1")
	t.Setenv("DO_NOT_TRACK", "")
	arguments := os.Args
	defer func() { os.Args = arguments }()
	os.Args = []string{"command", server.URL, "phc_example", "get processors", "3"}
	main()
	server.Close() // ends the handler, whose the body was
	for _, part := range []string{`"event":"command_run"`, `"command":"get processors"`, `"exit_code":3`, `"duration_ms":`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
}
