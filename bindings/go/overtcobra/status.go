package overtcobra

import (
	"encoding/json"
	"fmt"
	"strings"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

type statusJSON struct {
	App          string           `json:"app"`
	Consent      consentJSON      `json:"consent"`
	ClientID     *string          `json:"client_id"`
	Paths        pathsJSON        `json:"paths"`
	Destinations destinationsJSON `json:"destinations"`
	Pending      int              `json:"pending"`
	Sent         int              `json:"sent"`
}

type consentJSON struct {
	Enabled bool                `json:"enabled"`
	Reason  overt.ConsentReason `json:"reason"`
}

type pathsJSON struct {
	StateDir *string `json:"state_dir"`
	Counters *string `json:"counters"`
}

type destinationsJSON struct {
	Events   *string `json:"events"`
	Counters *string `json:"counters"`
}

type showJSON struct {
	Pending  []json.RawMessage `json:"pending"`
	Sent     []json.RawMessage `json:"sent"`
	Counters json.RawMessage   `json:"counters"`
}

// document is what is read of the counters.
type document struct {
	ID     string `json:"id"`
	Points map[string]map[string]struct {
		Count uint64 `json:"cumulative_count"`
	} `json:"metric_points"`
}

func status(v *view) (any, string, error) {
	consent, counters := v.client.Consent(), v.client.Counters()
	pending, sent := v.client.Pending(), v.client.Sent()
	// Asking the client for its ID would make one. It stands in all that is recorded.
	id := recordedID(counters, pending, sent)
	found := statusJSON{
		App:          v.config.App,
		Consent:      consentJSON(consent),
		ClientID:     given(id),
		Paths:        pathsJSON{given(v.config.StateDir), given(v.config.CountersPath)},
		Destinations: destinationsJSON{given(v.config.Endpoint), given(v.config.CountersEndpoint)},
		Pending:      len(pending),
		Sent:         len(sent),
	}
	var text strings.Builder
	line := func(name, form string, values ...any) {
		fmt.Fprintf(&text, "%-10s %s\n", name, fmt.Sprintf(form, values...))
	}
	fmt.Fprintf(&text, "%s: %s\n\n", v.program, v.decision(consent))
	if v.config.CountersPath != "" {
		line("counted", "%s (in %s)", count(total(counters), "run"), v.config.CountersPath)
	}
	if v.config.CountersEndpoint != "" {
		line("", "told to %s", v.config.CountersEndpoint)
	}
	line("waiting", "%s", count(len(pending), "event"))
	line("sent", "%s can be read", count(len(sent), "event"))
	if v.config.Endpoint != "" && v.config.APIKey != "" {
		line("", "to %s", v.config.Endpoint)
	}
	if id != "" {
		line("client ID", "%s", id)
	}
	if v.config.StateDir != "" {
		line("files", "%s", v.config.StateDir)
	} else {
		line("files", "overt/%s in your directory for programs' state ($XDG_STATE_HOME, or else ~/.local/state, on Linux)",
			v.config.App)
	}
	fmt.Fprintf(&text, "\nWord for word: %s show\n", v.group)
	return found, text.String(), nil
}

func show(v *view) (any, string, error) {
	counters, pending, sent := v.client.Counters(), v.client.Pending(), v.client.Sent()
	found := showJSON{Pending: raw(pending), Sent: raw(sent), Counters: json.RawMessage("null")}
	var text strings.Builder
	block := func(heading string, lines []string) {
		fmt.Fprintf(&text, "# %s: %s\n", heading, count(len(lines), "event"))
		for _, line := range lines {
			fmt.Fprintln(&text, line)
		}
	}
	// Headings begin with #, which no event does.
	block("waiting to be sent", pending)
	fmt.Fprintln(&text)
	block("sent last", sent)
	if counters != "" {
		found.Counters = json.RawMessage(counters)
		fmt.Fprintf(&text, "\n# counted in %s\n%s\n", v.config.CountersPath, counters)
	}
	return found, text.String(), nil
}

// recordedID gives the client ID of the counters, or else that of the latest event.
func recordedID(counters string, pending, sent []string) string {
	var counted document
	if json.Unmarshal([]byte(counters), &counted) == nil && counted.ID != "" {
		return counted.ID
	}
	for _, lines := range [][]string{pending, sent} {
		if len(lines) > 0 {
			var event struct {
				ID string `json:"distinct_id"`
			}
			_ = json.Unmarshal([]byte(lines[len(lines)-1]), &event) // what is no event has no ID
			return event.ID
		}
	}
	return ""
}

// total counts the runs of all commands.
func total(counters string) (runs uint64) {
	var counted document
	_ = json.Unmarshal([]byte(counters), &counted) // "" if nothing was counted
	for _, codes := range counted.Points {
		for _, point := range codes {
			runs += point.Count
		}
	}
	return runs
}
