package main

import (
	"encoding/json"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// captureRequest is the body of /capture.
type captureRequest struct {
	Event      string          `json:"event"`
	DistinctID *string         `json:"distinct_id"`
	Properties json.RawMessage `json:"properties"`
	Timestamp  *string         `json:"timestamp"`
	UUID       *string         `json:"uuid"`
	Options    json.RawMessage `json:"options"`
	Force      bool            `json:"force"`
}

// options is overt.Options with the names of JSON.
type options struct {
	ProcessPersonProfile  *bool  `json:"process_person_profile"`
	CookielessMode        *bool  `json:"cookieless_mode"`
	DisableSkewCorrection *bool  `json:"disable_skew_correction"`
	ProductTourID         string `json:"product_tour_id"`
	SessionID             string `json:"session_id"`
	WindowID              string `json:"window_id"`
}

// readEvent reads the body of /capture. An error has the word that other languages have for what Go has no way to say: a
// value of another type, a text that is no time, and an empty ID, for "" is what is left out.
func readEvent(body []byte) (overt.Event, overt.Status, error) {
	var request captureRequest
	if err := decode(body, &request, false); err != nil {
		return overt.Event{}, overt.InvalidArgument, err
	}
	event := overt.Event{Name: request.Event, Force: request.Force}
	if err := decode(request.Properties, &event.Props, false); err != nil {
		return event, overt.InvalidProperties, err
	}
	var given options
	if err := decode(request.Options, &given, true); err != nil {
		return event, overt.InvalidProperties, err
	}
	event.Options = overt.Options(given)
	for _, id := range []struct {
		given   *string
		field   *string
		refused overt.Status
	}{
		{request.DistinctID, &event.DistinctID, overt.InvalidDistinctID},
		{request.UUID, &event.UUID, overt.InvalidUUID},
	} {
		if id.given == nil {
			continue
		}
		if *id.field = *id.given; *id.given == "" {
			return event, id.refused, id.refused
		}
	}
	if request.Timestamp != nil {
		at, err := time.Parse(time.RFC3339Nano, *request.Timestamp)
		if err != nil {
			return event, overt.InvalidTimestamp, err
		}
		event.Timestamp = at
	}
	return event, overt.OK, nil
}
