package overt_test

import (
	"bytes"
	"encoding/json"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestAHookSeesEveryEventAndMayChangeOrDropIt(t *testing.T) {
	server := serve(t)
	config := server.config(t)
	var kept []json.RawMessage
	config.BeforeSend = func(event json.RawMessage) json.RawMessage {
		kept = append(kept, event)
		switch {
		case bytes.Contains(event, []byte(`"drop"`)):
			return nil
		case bytes.Contains(event, []byte(`"panic"`)):
			panic("a bad hook")
		case bytes.Contains(event, []byte(`"spoil"`)):
			return json.RawMessage("[1]")
		case bytes.Contains(event, []byte(`"empty"`)):
			return json.RawMessage{}
		}
		return bytes.ReplaceAll(event, []byte("secret"), []byte("hidden"))
	}
	client := open(t, config)
	uuid := record(t, client, "one", overt.Props{"token": "secret"})
	for name, want := range map[string]overt.Status{
		"drop": overt.Dropped, "panic": overt.Dropped,
		"spoil": overt.InvalidProperties, "empty": overt.InvalidProperties,
	} {
		equal(t, name, client.CaptureEvent(name, nil).Status, want)
	}
	equal(t, "a drop is no error", client.CaptureEvent("drop", nil).Err(), nil)
	flush(t, client)

	arrived := server.one(t)
	equal(t, "token", arrived.Properties["token"], any("hidden"))
	equal(t, "uuid", arrived.UUID, uuid)
	equal(t, "seen", len(kept), 6)
	var first event
	if err := json.Unmarshal(kept[0], &first); err != nil || first.UUID != uuid {
		t.Errorf("what the hook kept is %s (%v)", kept[0], err)
	}
}

// deep needs more stack than a goroutine starts with, so that the runtime moves it.
func deep(n int) byte {
	var room [1 << 10]byte
	if n > 0 {
		room[n] = deep(n - 1)
	}
	return room[n] + 1
}

func TestAHookMayMoveTheStackOfTheCapture(t *testing.T) {
	server := serve(t)
	config := server.config(t)
	config.BeforeSend = func(event json.RawMessage) json.RawMessage {
		deep(500)
		return event
	}
	config.ConsentFunc = func() bool { return deep(900) > 0 }
	client := open(t, config)
	uuids := make(chan string)
	const goroutines = 8
	for range goroutines {
		go func() { uuids <- client.CaptureEvent("one", overt.Props{"a": []string{"b"}}).UUID() }()
	}
	captured := map[string]bool{}
	for range goroutines {
		captured[<-uuids] = true
	}
	flush(t, client)
	for _, event := range server.events() {
		equal(t, "name", event.Name, "one")
		delete(captured, event.UUID)
	}
	equal(t, "not arrived", len(captured), 0)
}

// marshaler is a value that notices that it is looked at.
type marshaler func() ([]byte, error)

func (m marshaler) MarshalJSON() ([]byte, error) { return m() }
