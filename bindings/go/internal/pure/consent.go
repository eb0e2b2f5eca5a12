package pure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// Consent says whether events are recorded, and by which rule.
type Consent struct {
	Enabled bool
	Reason  string
}

// rules are what is known when a client opens. Each answer of a variable is nil where it is not set.
type rules struct {
	tool, general  *bool
	doNotTrack, ci bool
	privileged     bool
	byDefault      bool
	hasKey         bool // or counters, which go on without one
}

func readRules(c *Config, v variables) rules {
	r := rules{privileged: system.HasAnothersRights(), byDefault: c.DefaultConsent, hasKey: c.APIKey != "" || c.CountersPath != ""}
	for _, variable := range c.ConsentEnv {
		name, exact, strict := strings.Cut(variable, "=")
		value, set := v.get(name)
		if !set {
			continue
		}
		on := meansOn(value)
		if strict {
			on = false
			for _, word := range strings.Split(exact, ",") {
				on = on || word == value
			}
		}
		on = on && (r.tool == nil || *r.tool) // off if any says off
		r.tool = &on
	}
	if value, set := v.get("TELEMETRY_ENABLED"); set {
		on := meansOn(value)
		r.general = &on
	}
	value, set := v.get("DO_NOT_TRACK")
	r.doNotTrack = c.RespectDoNotTrack && set && !isWord(strings.TrimSpace(value), "", "0", "false", "no", "off")
	r.ci = !c.InCI && v.first(ciSystems) != ""
	return r
}

// meansOn: anything else, the empty text included, means off.
func meansOn(value string) bool {
	return isWord(strings.TrimSpace(value), "1", "true", "t", "yes", "y", "on")
}

func says(answer *bool, on bool) bool { return answer != nil && *answer == on }

// sayOff: whether these alone say off, so that nothing else needs to be looked at.
func (r rules) sayOff() bool {
	return r.privileged || says(r.tool, false) || says(r.general, false) || r.doNotTrack
}

// decide is the table of docs/consent.md: the first rule that applies wins. stored is "on", "off", "" if nobody chose,
// or anything else if that cannot be read; noticed is asked only where it matters.
func (r rules) decide(host *bool, stored string, noticed func() bool) Consent {
	c := Consent{}
	switch {
	case r.privileged:
		c.Reason = "privileged"
	case says(r.tool, false):
		c.Reason = "tool_variable"
	case says(r.general, false):
		c.Reason = "telemetry_enabled"
	case r.doNotTrack:
		c.Reason = "do_not_track"
	case says(host, false):
		c.Reason = "host"
	case says(r.tool, true):
		c = Consent{true, "tool_variable"}
	case says(r.general, true):
		c = Consent{true, "telemetry_enabled"}
	case stored == "off":
		c.Reason = "stored"
	case stored != "" && stored != "on":
		c.Reason = "unreadable"
	case says(host, true):
		c = Consent{true, "host"}
	case stored == "on":
		c = Consent{true, "stored"}
	case r.ci:
		c.Reason = "ci"
	case r.byDefault && !noticed():
		c.Reason = "no_notice"
	default:
		c = Consent{r.byDefault, "default"}
	}
	if c.Enabled && !r.hasKey {
		return Consent{false, "no_api_key"}
	}
	return c
}

// forced are the rules for an event with Force: without the host's off, CI and the tool's default. It never overrules a
// person, nor a notice that nobody has seen.
func (r rules) forced() rules {
	r.ci, r.byDefault = false, true
	return r
}

// readChoice gives the stored choice, as decide takes it.
func readChoice(path string) string {
	text, err := system.Read(path)
	switch {
	// The directory above is a file: there is no choice, and no place for one either.
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return ""
	case err == nil:
		if words := strings.Fields(string(text)); len(words) > 0 && (words[0] == "on" || words[0] == "off") {
			return words[0]
		}
	}
	return "unreadable"
}

// showNotice shows a tool's notice on stderr, if that is a terminal, or anywhere but at a null device, once for all
// processes: the file that says so is written first, because one that cannot be written would show it for ever. Says
// whether it was shown now.
func showNotice(text, marker string, anywhere bool, now time.Time) bool {
	seen := system.IsTerminal(os.Stderr) || anywhere && isKept(os.Stderr)
	if wasShown(marker) || !seen || system.MakeDir(filepath.Dir(marker)) != nil ||
		system.Create(marker, []byte("shown "+stamp(now)+"\n")) != nil {
		return false
	}
	fmt.Fprintln(os.Stderr, text)
	return true
}

// isKept says whether what is written there gets anywhere.
func isKept(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice == 0
}

func wasShown(marker string) bool {
	_, err := system.Read(marker)
	return err == nil
}
