package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// flushMs is longer than any test is to wait.
const flushMs = 60_000

// statuses are the words of the C header.
var statuses = map[overt.Status]string{
	overt.OK:                "ok",
	overt.Disabled:          "disabled",
	overt.Dropped:           "dropped",
	overt.InvalidArgument:   "invalid_argument",
	overt.InvalidUTF8:       "invalid_utf8",
	overt.InvalidConfig:     "invalid_config",
	overt.InvalidName:       "invalid_name",
	overt.InvalidDistinctID: "invalid_distinct_id",
	overt.InvalidUUID:       "invalid_uuid",
	overt.InvalidTimestamp:  "invalid_timestamp",
	overt.InvalidProperties: "invalid_properties",
	overt.EventTooLarge:     "event_too_large",
	overt.Storage:           "storage",
	overt.Timeout:           "timeout",
	overt.Undelivered:       "undelivered",
	overt.Internal:          "internal",
}

// An adapter holds at most one client.
type adapter struct {
	mutex  sync.Mutex
	client *overt.Client
	// dirs are the state directories of the clients that were given none.
	dirs []string
}

// An answer is an HTTP status and a JSON object.
type answer struct {
	status int
	body   any
}

var success = answer{http.StatusOK, map[string]any{"success": true}}

func failure(httpStatus int, status overt.Status, err error) answer {
	return answer{httpStatus, map[string]any{"success": false, "status": statuses[status], "error": err.Error()}}
}

func (a *adapter) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(body []byte) answer{
		"GET /health":           health,
		"POST /init":            a.init,
		"POST /capture":         a.capture,
		"POST /record_command":  a.recordCommand,
		"GET /counters":         a.counters,
		"POST /flush":           a.flush,
		"GET /state":            a.state,
		"POST /set_consent":     a.setConsent,
		"POST /reset_client_id": a.resetClientID,
		"POST /reset":           a.reset,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err == nil && len(body) == 0 {
				body = []byte("{}")
			}
			given := handle(body)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(given.status)
			json.NewEncoder(w).Encode(given.body)
		})
	}
	return mux
}

// decode reads JSON, if there is any; the digits of its numbers stay as they are.
func decode(text []byte, into any, strict bool) error {
	if len(text) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if strict {
		decoder.DisallowUnknownFields()
	}
	return decoder.Decode(into)
}

func health([]byte) answer {
	return answer{http.StatusOK, map[string]string{
		"sdk_name": "overt", "sdk_version": overt.Version(), "adapter_version": "1", "language": "go",
	}}
}

func (a *adapter) init(body []byte) answer {
	a.end()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	var request initRequest
	if err := decode(body, &request, false); err != nil {
		return failure(http.StatusBadRequest, overt.InvalidArgument, err)
	}
	config, err := request.config()
	if err == nil && config.StateDir == "" {
		config.StateDir, err = os.MkdirTemp("", "overt-conformance-")
		a.dirs = append(a.dirs, config.StateDir)
	}
	if err != nil {
		return failure(http.StatusBadRequest, overt.InvalidConfig, err)
	}
	client, err := overt.New(config)
	if err != nil {
		return failure(http.StatusBadRequest, overt.InvalidConfig, err)
	}
	a.client = client
	return success
}

func (a *adapter) reset([]byte) answer {
	a.end()
	return success
}

// end closes the client.
func (a *adapter) end() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.client.Close()
	a.client = nil
}

// use gives the client, or the answer that there is none. The lock is not held meanwhile: a flush may take long.
func (a *adapter) use(with func(*overt.Client) answer) answer {
	a.mutex.Lock()
	client := a.client
	a.mutex.Unlock()
	if client == nil {
		return failure(http.StatusConflict, overt.Disabled, errors.New("/init comes first"))
	}
	return with(client)
}

func (a *adapter) capture(body []byte) answer {
	return a.use(func(client *overt.Client) answer {
		event, status, err := readEvent(body)
		if err != nil {
			return failure(http.StatusBadRequest, status, err)
		}
		captured := client.Capture(event)
		switch {
		case captured.Status == overt.OK:
			return answer{http.StatusOK, map[string]any{"success": true, "uuid": captured.UUID()}}
		case captured.Err() == nil:
			return failure(http.StatusOK, captured.Status, captured.Status)
		}
		return failure(http.StatusBadRequest, captured.Status, captured.Err())
	})
}

func (a *adapter) flush(body []byte) answer {
	return a.use(func(client *overt.Client) answer {
		request := struct {
			TimeoutMs int64 `json:"timeout_ms"`
		}{flushMs}
		if err := decode(body, &request, false); err != nil {
			return failure(http.StatusBadRequest, overt.InvalidArgument, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(request.TimeoutMs)*time.Millisecond)
		defer cancel()
		err := client.Flush(ctx)
		var status overt.Status
		switch {
		case err == nil:
			return success
		case errors.Is(err, context.DeadlineExceeded):
			return failure(http.StatusOK, overt.Timeout, err)
		case errors.Is(err, overt.Undelivered):
			return failure(http.StatusOK, overt.Undelivered, err)
		case errors.As(err, &status):
			return failure(http.StatusBadRequest, status, err)
		}
		return failure(http.StatusBadRequest, overt.Internal, err)
	})
}

func (a *adapter) state([]byte) answer {
	return a.use(func(client *overt.Client) answer {
		stats := client.Stats()
		return answer{http.StatusOK, map[string]any{
			"pending_events":        stats.Pending,
			"total_events_captured": stats.Recorded,
			"total_events_sent":     stats.Delivered,
			"total_requests":        stats.Requests,
			"failures":              stats.Failures,
			"unconfirmed":           stats.Unconfirmed,
			"losses":                client.Losses(),
		}}
	})
}
