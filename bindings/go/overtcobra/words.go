package overtcobra

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unicode"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// decision tells a decision and its rule: "off, because DO_NOT_TRACK is set".
func (v *view) decision(consent overt.Consent) string {
	if !consent.Enabled {
		return "off, because " + v.reason(consent)
	}
	return fmt.Sprintf("on, because %s; switch it off %s", v.reason(consent), v.wayOut(consent))
}

func (v *view) reason(consent overt.Consent) string {
	switch consent.Reason {
	case overt.ReasonToolVariable:
		return v.ownVariables() + " says so"
	case overt.ReasonTelemetryEnabled:
		if consent.Enabled {
			return "the value of TELEMETRY_ENABLED means on"
		}
		return "TELEMETRY_ENABLED is set, and its value does not mean on"
	case overt.ReasonDoNotTrack:
		return "DO_NOT_TRACK is set"
	case overt.ReasonHost:
		return v.program + " says so itself"
	case overt.ReasonStored:
		if consent.Enabled {
			return "it was switched on here"
		}
		return "it was switched off here"
	case overt.ReasonUnreadable:
		return "the stored choice cannot be read"
	case overt.ReasonCI:
		return "this is a CI system, where nobody would see a notice"
	case overt.ReasonDefault:
		return "that is this program's default"
	case overt.ReasonNoAPIKey, overt.ReasonNoEndpoint:
		return "nothing is known of where it would send to"
	case overt.ReasonPrivileged:
		return "this program runs with another user's rights"
	case overt.ReasonNoNotice:
		return "you have not seen its notice yet"
	case overt.ReasonNoClient:
		return "it could not be set up"
	default: // what later versions add
		return fmt.Sprintf("of the rule %q", string(consent.Reason))
	}
}

// wayOut says how a person ends what is on. A variable stands above the stored choice.
func (v *view) wayOut(consent overt.Consent) string {
	switch consent.Reason {
	case overt.ReasonToolVariable:
		return "by setting " + v.ownVariables() + " to 0"
	case overt.ReasonTelemetryEnabled:
		return "by setting TELEMETRY_ENABLED to 0"
	default:
		return "with: " + v.group + " off"
	}
}

// ownVariables names those of the program's own variables that are set.
func (v *view) ownVariables() string {
	var names []string
	for _, variable := range v.config.ConsentEnv {
		name, _, _ := strings.Cut(variable, "=")
		if _, set := os.LookupEnv(name); set {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "a variable of " + v.program + "'s own"
	}
	return strings.Join(names, " or ")
}

// count tells a number of things: "no events", "1 event", "2 events".
func count[N int | uint64](number N, noun string) string {
	switch number {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	default:
		return fmt.Sprintf("%d %ss", number, noun)
	}
}

// listed puts things into a sentence: "a", "a and b", "a, b and c".
func listed(things []string) string {
	last := len(things) - 1
	if last < 1 {
		return strings.Join(things, "")
	}
	return strings.Join(things[:last], ", ") + " and " + things[last]
}

// given gives nil for an option that was left out.
func given(option string) *string {
	if option == "" {
		return nil
	}
	return &option
}

// raw gives events as values of JSON, not as strings that hold them. What is damaged on disk is left out.
func raw(lines []string) []json.RawMessage {
	values := []json.RawMessage{}
	for _, line := range lines {
		if json.Valid([]byte(line)) {
			values = append(values, json.RawMessage(line))
		}
	}
	return values
}

func jsonLine(value any) string {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // strings, numbers, and JSON that was checked
	return line.String()
}

// printable escapes what could move a terminal's cursor, change its colours or turn the direction of writing. Files are
// printed, and others can write files. In JSON the value stays the same.
func printable(text string) string {
	var safe strings.Builder
	for _, character := range text {
		switch {
		case character == '\n':
			safe.WriteRune(character)
		case unicode.IsControl(character) || unicode.In(character, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
			fmt.Fprintf(&safe, "\\u%04x", character)
		default:
			safe.WriteRune(character)
		}
	}
	return safe.String()
}
