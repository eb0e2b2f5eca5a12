//go:build !cgo

package overt_test

import (
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestNoCgoIsADisabledClientThatSaysWhy(t *testing.T) {
	dir := t.TempDir()
	client, err := overt.New(overt.Config{App: "tool", APIKey: "phc_test", StateDir: dir, Consent: overt.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	without := overt.Consent{Reason: overt.ReasonNoCgo}
	said, err := client.SetConsent(true)
	if client.Consent() != without || said != without || err != nil {
		t.Errorf("consent: %v, %v, %v", client.Consent(), said, err)
	}
	for _, event := range []overt.Event{{Name: "one"}, {Name: "one", Force: true}} {
		if captured := client.Capture(event); captured != (overt.Capture{Status: overt.Disabled}) || captured.Err() != nil {
			t.Errorf("capture: %v", captured)
		}
	}
	id, err := client.ClientID()
	if id != "" || err != nil || client.Flush(t.Context()) != nil || client.Close() != nil {
		t.Errorf("a call failed: %q %v", id, err)
	}
	if client.Stats() != (overt.Stats{Storage: "none"}) || len(client.Pending())+len(client.Losses()) > 0 {
		t.Errorf("there is something: %v", client.Stats())
	}
	if overt.Version() != "" || overt.Timeout.Error() != "overt: status -21" {
		t.Errorf("version %q, status %q", overt.Version(), overt.Timeout.Error())
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
}

func TestNoCgoNamesAnOptionThatCannotBeUsed(t *testing.T) {
	if _, err := overt.New(overt.Config{App: "tool", FlushAt: -1}); err == nil {
		t.Error("a negative number was taken")
	}
	if _, err := overt.New(overt.Config{App: "tool", DetachedUpload: true}); err != nil {
		t.Error(err) // TestMain has called UploaderMain
	}
}
