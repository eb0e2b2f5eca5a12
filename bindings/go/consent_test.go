package overt_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestOffIsOff(t *testing.T) {
	for _, off := range []struct {
		reason overt.ConsentReason
		set    func(*overt.Config)
	}{
		{overt.ReasonToolVariable, func(c *overt.Config) { c.ConsentEnv = []string{"ANY", "STRICT=1"}; t.Setenv("STRICT", "true") }},
		{overt.ReasonTelemetryEnabled, func(*overt.Config) { t.Setenv("TELEMETRY_ENABLED", "") }},
		{overt.ReasonDoNotTrack, func(*overt.Config) { t.Setenv("DO_NOT_TRACK", "1") }},
		{overt.ReasonHost, func(c *overt.Config) { c.Consent = overt.Bool(false) }},
		{overt.ReasonHost, func(c *overt.Config) { c.ConsentFunc = func() bool { return false } }},
		{overt.ReasonHost, func(c *overt.Config) { c.ConsentFunc = func() bool { panic("who knows") } }},
		{overt.ReasonCI, func(c *overt.Config) { c.InCI = false; t.Setenv("CI", "true") }},
		{overt.ReasonDefault, func(c *overt.Config) { c.DefaultConsent = overt.Bool(false) }},
		{overt.ReasonNoAPIKey, func(c *overt.Config) { c.APIKey = "" }},
	} {
		server := serve(t)
		config := server.config(t)
		config.Background = nil
		config.BeforeSend = func(event json.RawMessage) json.RawMessage {
			t.Errorf("%s: the host saw %s", off.reason, event)
			return event
		}
		off.set(&config)
		client := open(t, config)
		equal(t, "consent", client.Consent(), overt.Consent{Reason: off.reason})
		looked := overt.Props{"a": marshaler(func() ([]byte, error) {
			t.Errorf("%s: a value was looked at", off.reason)
			return nil, nil
		})}
		equal(t, "capture", client.CaptureEvent("", looked).Status, overt.Disabled)
		equal(t, "capture", client.Capture(overt.Event{UUID: "not one", Props: looked}).Status, overt.Disabled)
		id, err := client.ClientID()
		equal(t, "id", id, "")
		equal(t, "error", err, nil)
		flush(t, client)
		equal(t, "close", client.Close(), nil)
		equal(t, "requests", len(server.requests()), 0)
		if left := files(t, config.StateDir); len(left) > 0 {
			t.Errorf("%s: there is %v", off.reason, left)
		}
		for _, name := range []string{"STRICT", "TELEMETRY_ENABLED", "DO_NOT_TRACK", "CI"} {
			os.Unsetenv(name)
		}
	}
}

func TestOnHasItsReasonsToo(t *testing.T) {
	for _, on := range []struct {
		reason overt.ConsentReason
		set    func(*overt.Config)
	}{
		{overt.ReasonToolVariable, func(c *overt.Config) { c.ConsentEnv = []string{"STRICT=1"}; t.Setenv("STRICT", "1") }},
		{overt.ReasonTelemetryEnabled, func(*overt.Config) { t.Setenv("TELEMETRY_ENABLED", "1") }},
		{overt.ReasonHost, func(c *overt.Config) { c.Consent = overt.Bool(true) }},
		{overt.ReasonHost, func(c *overt.Config) { c.ConsentFunc = func() bool { return true } }},
		{overt.ReasonDefault, func(c *overt.Config) { c.RespectDoNotTrack = overt.Bool(false); t.Setenv("DO_NOT_TRACK", "1") }},
		{overt.ReasonDefault, func(c *overt.Config) { t.Setenv("CI", "true") }},
	} {
		config := serve(t).config(t)
		on.set(&config)
		client := open(t, config)
		equal(t, "consent", client.Consent(), overt.Consent{Enabled: true, Reason: on.reason})
		record(t, client, "one", nil)
		for _, name := range []string{"STRICT", "TELEMETRY_ENABLED", "DO_NOT_TRACK", "CI"} {
			os.Unsetenv(name)
		}
	}
}

func TestAChoiceIsStoredForLaterRuns(t *testing.T) {
	config := serve(t).config(t)
	client := open(t, config)
	record(t, client, "one", nil)
	said, err := client.SetConsent(false)
	equal(t, "error", err, nil)
	equal(t, "consent", said.Enabled, false)
	equal(t, "capture", client.CaptureEvent("two", nil).Status, overt.Disabled)
	equal(t, "pending", len(client.Pending()), 0)
	client = open(t, config)
	equal(t, "a later run", client.Consent(), overt.Consent{Reason: overt.ReasonStored})

	said, err = client.SetConsent(true)
	equal(t, "error", err, nil)
	equal(t, "consent", said.Enabled, true)
	record(t, client, "three", nil)
	equal(t, "a later run", open(t, config).Consent(), overt.Consent{Enabled: true, Reason: overt.ReasonStored})
}

func TestAChoiceThatCannotBeStoredHoldsInThisProcess(t *testing.T) {
	config := serve(t).config(t)
	config.StateDir = filepath.Join(config.StateDir, "a file")
	if err := os.WriteFile(config.StateDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	client := open(t, config)
	said, err := client.SetConsent(false)
	equal(t, "error", err, error(overt.Storage))
	equal(t, "consent", said, overt.Consent{Reason: overt.ReasonHost})
	equal(t, "capture", client.CaptureEvent("one", nil).Status, overt.Disabled)
}

func TestTheHostIsAskedAtEachCapture(t *testing.T) {
	var consents atomic.Bool
	server := serve(t)
	config := server.config(t)
	config.ConsentFunc = consents.Load
	client := open(t, config)
	for _, on := range []bool{false, true, false, true} {
		consents.Store(on)
		equal(t, "consent", client.Consent(), overt.Consent{Enabled: on, Reason: overt.ReasonHost})
		equal(t, "recorded", client.CaptureEvent("one", overt.Props{"on": on}).Status == overt.OK, on)
	}
	flush(t, client)
	equal(t, "arrived", len(server.events()), 2)
}

func TestForceOverrulesAToolAndNeverAPerson(t *testing.T) {
	event := overt.Event{Name: "installed", Props: overt.Props{"enabled": false}, Force: true}
	server := serve(t)
	config := server.config(t)
	config.DefaultConsent = overt.Bool(false)
	client := open(t, config)
	equal(t, "the tool's default", client.Capture(event).Status, overt.OK)
	equal(t, "without force", client.CaptureEvent(event.Name, event.Props).Status, overt.Disabled)
	flush(t, client)
	equal(t, "arrived", server.one(t).Properties["enabled"], any(false))

	t.Setenv("DO_NOT_TRACK", "1")
	equal(t, "a person", open(t, server.config(t)).Capture(event).Status, overt.Disabled)
}

func TestAResetForgetsTheIDAndWhatWaits(t *testing.T) {
	config := serve(t).config(t)
	config.ClientIDPath = filepath.Join(tempDir(t), "id")
	if err := os.WriteFile(config.ClientIDPath, []byte("36be4c46-4e1b-431d-b9db-1b315f537a85\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	client := open(t, config)
	id, err := client.ClientID()
	equal(t, "the tool's own file", id, "36be4c46-4e1b-431d-b9db-1b315f537a85")
	equal(t, "error", err, nil)
	record(t, client, "one", nil)
	next, err := client.ResetClientID()
	equal(t, "error", err, nil)
	if len(next) != 36 || next == id {
		t.Errorf("the new ID is %q", next)
	}
	equal(t, "pending", len(client.Pending()), 0)
}

func TestMetricsAndAChoiceInTheToolsOwnFile(t *testing.T) {
	if !overt.WithCgo {
		t.Skip("a file of the tool's own and its metrics need cgo")
	}
	config := serve(t).config(t)
	own := filepath.Join(tempDir(t), "metadata.json")
	text := `{"telemetryEnabled": true, "installationId": "an-id", "other": 1.50}`
	if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config.APIKey, config.Wire, config.Ack, config.ResponseWait = "", "aws-sam", "write", overt.Duration(0)
	config.ClientIDPath, config.ClientIDKey = own, "installationId"
	config.ConsentPath, config.ConsentKey = own, "telemetryEnabled"
	client := open(t, config)
	equal(t, "consent", client.Consent(), overt.Consent{Enabled: true, Reason: overt.ReasonStored})
	equal(t, "notice", client.NoticeShown(), false)
	uuid := record(t, client, "installed", overt.Props{"ci": nil})
	line := `{"installed":{"requestId":"` + uuid + `","installationId":"an-id","ci":null}}`
	equal(t, "pending", client.Pending()[0], line)
	if _, err := client.SetConsent(false); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadFile(own)
	equal(t, "error", err, nil)
	equal(t, "the file", string(left), `{"telemetryEnabled": false, "other": 1.50}`)

	config.Endpoint = ""
	if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	equal(t, "consent", open(t, config).Consent(), overt.Consent{Reason: overt.ReasonNoEndpoint})
	equal(t, "notice", (*overt.Client)(nil).NoticeShown(), false)
}
