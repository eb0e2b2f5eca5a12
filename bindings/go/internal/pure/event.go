package pure

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/jsontext"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
)

// An Event is what Capture records; what is left out has its usual value.
type Event struct {
	Name       string
	Properties []byte // a JSON object, or nothing
	DistinctID string
	UUID       string
	Timestamp  time.Time
	Options    Options
	Force      bool
}

// Options tell the server how to treat one event, by their names in JSON.
type Options struct {
	ProcessPersonProfile  *bool   `json:"process_person_profile"`
	CookielessMode        *bool   `json:"cookieless_mode"`
	DisableSkewCorrection *bool   `json:"disable_skew_correction"`
	ProductTourID         *string `json:"product_tour_id"`
	SessionID             *string `json:"session_id"`
	WindowID              *string `json:"window_id"`
}

// wireName is the one protocol: PostHog's /batch/, in which options are properties with reserved names.
const wireName = "posthog"

// Version is that of the core, whose lines and files these are.
const Version = "0.1.0"

// stamp is the canonical text of an instant: UTC, milliseconds, and microseconds only where there are some.
func stamp(at time.Time) string {
	if at.Nanosecond()/1000%1000 == 0 {
		return at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return at.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// wall is the wall clock, in the whole milliseconds that the canonical text shows.
func wall() time.Time { return time.Now().Truncate(time.Millisecond) }

// common are the properties that all events have, each as `,"key":value`; no event can replace the reserved ones.
type common struct {
	members []member
}

type member struct {
	key      string
	json     []byte
	reserved bool
}

// set adds a property, or replaces the one of this name, as the last of all.
func (c *common) set(key string, value []byte, reserved bool) {
	for i, known := range c.members {
		if known.key == key {
			c.members = append(c.members[:i], c.members[i+1:]...)
			break
		}
	}
	json := append(jsontext.AppendString([]byte{','}, key), ':')
	c.members = append(c.members, member{key, append(json, value...), reserved})
}

func (c *common) setText(key, value string, reserved bool) {
	c.set(key, jsontext.AppendString(nil, value), reserved)
}

// commonOf gives the properties of every event, the weakest first. superProperties have passed the gate.
func commonOf(config *Config, superProperties []byte, v variables) (c common) {
	if config.Enrich {
		for _, property := range v.properties() {
			c.setText(property[0], property[1], false)
		}
	}
	c.setText("$app_name", config.App, false)
	if config.AppVersion != "" {
		c.setText("$app_version", config.AppVersion, false)
	}
	given := map[string]json.RawMessage{}
	_ = json.Unmarshal(superProperties, &given) // an object, or nothing
	for _, key := range slices.Sorted(maps.Keys(given)) {
		c.set(key, given[key], false)
	}
	c.setText("$lib", "overt", true)
	c.setText("$lib_version", Version, true)
	if config.DisableGeoIP {
		c.set("$geoip_disable", []byte("true"), true)
	}
	if !config.PersonProfiles {
		c.set("$process_person_profile", []byte("false"), false)
	}
	return c
}

// A head is an event's line up to its properties.
type head struct {
	uuid       identity.UUID
	name       string
	distinctID string
	at         time.Time
	options    Options
}

// line writes an event as it will be sent, without its line break. Properties are a compact object, or nothing. An
// option wins over a property of the event's, that over a common one, and a reserved one over all.
func (h *head) line(properties []byte, c *common) []byte {
	out := make([]byte, 0, 1<<10)
	out = append(append(out, spool.LineStart...), h.uuid.String()...)
	out = jsontext.AppendString(append(out, `","event":`...), h.name)
	out = jsontext.AppendString(append(out, `,"distinct_id":`...), h.distinctID)
	out = append(append(append(out, `,"timestamp":"`...), stamp(h.at)...), `","properties":{`...)

	first := len(out)
	settled, own := map[string]bool{}, map[string]bool{}
	option := func(key string, value []byte) {
		out = append(append(jsontext.AppendString(append(out, ','), key), ':'), value...)
		settled[key] = true
	}
	truth := func(key string, value *bool) {
		if value != nil && *value {
			option(key, []byte("true"))
		} else if value != nil {
			option(key, []byte("false"))
		}
	}
	text := func(key string, value *string) {
		if value != nil {
			option(key, jsontext.AppendString(nil, *value))
		}
	}
	truth("$process_person_profile", h.options.ProcessPersonProfile)
	truth("$cookieless_mode", h.options.CookielessMode)
	truth("$ignore_sent_at", h.options.DisableSkewCorrection)
	text("$product_tour_id", h.options.ProductTourID)
	text("$session_id", h.options.SessionID)
	text("$window_id", h.options.WindowID)

	reserved := map[string]bool{}
	for _, member := range c.members {
		reserved[member.key] = member.reserved
	}
	jsontext.EachMember(properties, func(key string, whole []byte) {
		if !settled[key] && !reserved[key] {
			out = append(append(out, ','), whole...)
			own[key] = true
		}
	})
	for _, member := range c.members {
		if !settled[member.key] && !own[member.key] {
			out = append(out, member.json...)
		}
	}
	if len(out) > first {
		out = append(out[:first], out[first+1:]...) // the comma before the first member
	}
	return append(out, "}}"...)
}

func checkName(name string) Status {
	if strings.TrimSpace(name) == "" || len(name) > identity.MaxBytes {
		return InvalidName
	}
	return OK
}

// check makes the head of an event, up to what only the client knows.
func (e *Event) check() (h head, status Status) {
	texts := []string{e.Name, e.DistinctID, e.UUID}
	for _, text := range []*string{e.Options.ProductTourID, e.Options.SessionID, e.Options.WindowID} {
		if text != nil {
			texts = append(texts, *text)
		}
	}
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return h, InvalidUTF8
		}
	}
	h = head{name: e.Name, distinctID: e.DistinctID, at: e.Timestamp.Truncate(time.Microsecond), options: e.Options}
	if e.UUID != "" {
		if uuid, ok := identity.Parse(e.UUID); ok && uuid != (identity.UUID{}) {
			h.uuid = uuid
		} else {
			return h, InvalidUUID
		}
	}
	if year := h.at.UTC().Year(); !e.Timestamp.IsZero() && (year < 1 || year > 9999) {
		return h, InvalidTimestamp
	}
	if status := checkName(e.Name); status != OK {
		return h, status
	}
	if e.DistinctID != "" && !identity.IsDistinctID(e.DistinctID) {
		return h, InvalidDistinctID
	}
	return h, OK
}

// rewritten checks an event as a BeforeSend hook gives it back, and makes its line anew.
func rewritten(text []byte) (line []byte, uuid identity.UUID, status Status) {
	var members map[string]json.RawMessage
	var name, id, distinctID, timestamp string
	bad := json.Unmarshal(text, &members) != nil
	for key, into := range map[string]*string{"event": &name, "uuid": &id, "distinct_id": &distinctID, "timestamp": &timestamp} {
		value := bytes.TrimSpace(members[key])
		bad = bad || len(value) == 0 || value[0] != '"' || json.Unmarshal(value, into) != nil
	}
	event := Event{Name: name, DistinctID: distinctID, UUID: id}
	if options := json.NewDecoder(bytes.NewReader(members["options"])); members["options"] != nil {
		options.DisallowUnknownFields()
		bad = bad || options.Decode(&event.Options) != nil
		event.Options.SessionID, event.Options.WindowID = nil, nil // these stand beside them
	}
	for key, into := range map[string]**string{"session_id": &event.Options.SessionID, "window_id": &event.Options.WindowID} {
		bad = bad || members[key] != nil && json.Unmarshal(members[key], into) != nil
	}
	properties, err := jsontext.CompactObject(members["properties"])
	if bad || err != nil {
		return nil, uuid, InvalidProperties
	}
	at, err := time.Parse(time.RFC3339Nano, timestamp)
	if err != nil {
		return nil, uuid, InvalidTimestamp
	}
	event.Timestamp = at
	h, status := event.check()
	switch {
	case status != OK:
		return nil, uuid, status
	case id == "":
		return nil, uuid, InvalidUUID
	case distinctID == "":
		return nil, uuid, InvalidDistinctID
	}
	return h.line(properties, &common{}), h.uuid, OK
}
