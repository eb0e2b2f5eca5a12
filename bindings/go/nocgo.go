//go:build !cgo

package overt

import (
	"fmt"
	"time"
)

// Without cgo there is no core to call: every client is disabled, and says why. This file has the functions of cgo.go.

type native struct{}

func open(*Config) (native, error) { return native{}, nil }

func uploaderMain([]string) bool { return false }

func release(native) {}

func captureEvent(*Client, string, []byte) Capture { return Capture{Status: Disabled} }

func capture(*Client, *Event) Capture { return Capture{Status: Disabled} }

func recordCommand(*Client, string, int32) Status { return Disabled }

func flush(*Client, time.Duration) Status { return OK }

func closeNative(*Client, time.Duration) Status { return OK }

func waitAtExit(*Client) Status { return OK }

func consent(*Client) Consent { return Consent{Reason: ReasonNoCgo} }

func setConsent(*Client, bool) Status { return Disabled }

func noticeShown(*Client) bool { return false }

func clientID(*Client) (string, Status) { return "", Disabled }

func resetClientID(*Client) (string, Status) { return "", Disabled }

func pending(*Client) string { return "" }

func sent(*Client) string { return "" }

func countersJSON(*Client) string { return "" }

func statsJSON(*Client) string { return "{}" }

func lossesJSON(*Client) string { return "{}" }

func statusText(status Status) string { return fmt.Sprintf("status %d", int32(status)) }

func version() string { return "" }
