package overt_test

import (
	"fmt"
	"syscall"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func init() {
	children["as another"] = func(dir string) {
		if err := syscall.Setresuid(65_534, 0, 0); err != nil {
			panic(err)
		}
		client, err := overt.New(overt.Config{App: "scenario", APIKey: "phc_test", StateDir: dir, InCI: true, Consent: overt.Bool(true)})
		if err != nil {
			panic(err)
		}
		captured := client.Capture(overt.Event{Name: "one", Force: true})
		_, err = client.SetConsent(true)
		fmt.Println(client.Consent(), captured.Status, err)
	}
}
