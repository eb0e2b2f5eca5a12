package overt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// exampleConfig is a configuration whose state is the example's own. InCI is there because examples run in CI.
func exampleConfig(name string) overt.Config {
	return overt.Config{
		App:      name,
		APIKey:   "phc_example",
		Endpoint: "http://127.0.0.1:8990",
		StateDir: filepath.Join(examplesDir, name),
		InCI:     true,
	}
}

func Example() {
	client, err := overt.New(exampleConfig("hello"))
	if err != nil {
		fmt.Println("no telemetry:", err)
	}
	defer client.Close()

	client.CaptureEvent("hello", overt.Props{"answer": 42})
	fmt.Println(client.Stats().Recorded, "event is stored")
	// Output: 1 event is stored
}

func ExampleNew_wrongOption() {
	client, err := overt.New(overt.Config{App: "hello", Endpoint: "http://example.com"})
	fmt.Println(err)
	fmt.Println(client.CaptureEvent("hello", nil).Status)
	// Output:
	// overt: endpoint: plain http is allowed to loopback only, unless allow_plain_http is set
	// overt: telemetry is off
}

func ExampleClient_Capture() {
	client, _ := overt.New(exampleConfig("capture"))
	defer client.Close()

	captured := client.Capture(overt.Event{
		Name:      "job_done",
		Props:     overt.Props{"run": overt.Props{"inputs": 1000, "seconds": 12.5}},
		Timestamp: time.Date(2026, time.November, 20, 18, 10, 36, 0, time.UTC),
		UUID:      "0198b0b5-7c25-7000-8000-0123456789ab",
	})
	fmt.Println(captured.UUID(), captured.Err())
	// Output: 0198b0b5-7c25-7000-8000-0123456789ab <nil>
}

func ExampleClient_Flush() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL)
	}))
	defer server.Close()
	config := exampleConfig("flush")
	config.Endpoint = server.URL
	client, _ := overt.New(config)
	defer client.Close()

	client.CaptureEvent("hello", nil)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(client.Flush(ctx))
	// Output:
	// POST /batch/
	// <nil>
}

func ExampleClient_Consent() {
	config := exampleConfig("consent")
	config.DefaultConsent = overt.Bool(false)
	client, _ := overt.New(config)
	defer client.Close()
	fmt.Println(client.Consent())

	fmt.Println(client.SetConsent(true))
	// Output:
	// {false default}
	// {true host} <nil>
}

func ExampleClient_Pending() {
	client, _ := overt.New(exampleConfig("pending"))
	defer client.Close()

	client.CaptureEvent("hello", overt.Props{"answer": 42})
	for _, line := range client.Pending() {
		var event struct {
			Event      string
			Properties struct{ Answer int }
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			fmt.Println(err)
		}
		fmt.Println(event)
	}
	// Output: {hello {42}}
}

func ExampleConfig_beforeSend() {
	config := exampleConfig("before-send")
	config.BeforeSend = func(event json.RawMessage) json.RawMessage {
		if bytes.Contains(event, []byte("/home/")) {
			return nil
		}
		return event
	}
	client, _ := overt.New(config)
	defer client.Close()

	fmt.Println(client.CaptureEvent("opened", overt.Props{"file": "/home/ada/letter.txt"}).Status)
	// Output: overt: the event was dropped
}
