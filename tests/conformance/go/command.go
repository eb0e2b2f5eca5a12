package main

import (
	"encoding/json"
	"errors"
	"net/http"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func (a *adapter) recordCommand(body []byte) answer {
	return a.use(func(client *overt.Client) answer {
		var command struct {
			Path     string `json:"path"`
			ExitCode int    `json:"exit_code"`
		}
		if err := decode(body, &command, false); err != nil {
			return failure(http.StatusBadRequest, overt.InvalidArgument, err)
		}
		switch status := client.RecordCommand(command.Path, command.ExitCode); status {
		case overt.OK:
			return success
		case overt.Disabled, overt.Dropped:
			return failure(http.StatusOK, status, status)
		default:
			return failure(http.StatusBadRequest, status, status)
		}
	})
}

func (a *adapter) counters([]byte) answer {
	return a.use(func(client *overt.Client) answer {
		document := client.Counters()
		if document == "" {
			document = "null"
		}
		return answer{http.StatusOK, map[string]any{"success": true, "counters": json.RawMessage(document)}}
	})
}

func (a *adapter) setConsent(body []byte) answer {
	return a.use(func(client *overt.Client) answer {
		var choice struct {
			Enabled bool `json:"enabled"`
		}
		if err := decode(body, &choice, false); err != nil {
			return failure(http.StatusBadRequest, overt.InvalidArgument, err)
		}
		_, err := client.SetConsent(choice.Enabled)
		return of(err)
	})
}

func (a *adapter) resetClientID([]byte) answer {
	return a.use(func(client *overt.Client) answer {
		_, err := client.ResetClientID()
		return of(err)
	})
}

// of is the answer for a call that gives an error and nothing else.
func of(err error) answer {
	if err == nil {
		return success
	}
	status := overt.Internal
	errors.As(err, &status)
	return failure(http.StatusBadRequest, status, err)
}
