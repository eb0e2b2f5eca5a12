package counters

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
)

// yaml gives the text of the file: PACE's form, which is YAML indented by four.
func (d *Document) yaml() []byte {
	out := []byte("metric_points:")
	if len(d.points) == 0 {
		out = append(out, " {}"...)
	}
	out = append(out, '\n')
	for _, path := range slices.Sorted(maps.Keys(d.points)) {
		out = fmt.Appendf(out, "    %s:\n", scalar(path))
		for _, code := range slices.Sorted(maps.Keys(d.points[path])) {
			out = fmt.Appendf(out, "        %d:\n            cumulative_count: %d\n", code, d.points[path][code])
		}
	}
	return fmt.Appendf(out, "cli_version: %s\noperating_system: %s\nid: %s\nschema: %d\n",
		scalar(d.version), scalar(d.operatingSystem), scalar(d.id), schema)
}

// scalar is a text as it stands in the file. It is quoted only where some reader of YAML, 1.1 or 1.2, would take it for
// something else: a number, a time, a truth, or a part of YAML itself.
func scalar(text string) string {
	if isBare(text) {
		return text
	}
	out := []byte{'"'}
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		// Letters of all languages, without what YAML does not print: the rest of control, byte order marks.
		case ' ' <= r && r <= '~', isAlphabetic(r), unicode.IsNumber(r):
			out = append(out, string(r)...)
		case r <= 0xFFFF:
			out = fmt.Appendf(out, `\u%04X`, r)
		default:
			out = fmt.Appendf(out, `\U%08X`, r)
		}
	}
	return string(append(out, '"'))
}

func isAlphabetic(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.Other_Alphabetic, r) }

// words mean something in some YAML.
var words = []string{"y", "yes", "n", "no", "true", "false", "on", "off", "null"}

func isBare(text string) bool {
	plain := func(r rune) bool {
		return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_./+", r))
	}
	switch {
	case text == "", strings.TrimFunc(text, plain) != "", strings.Contains(" -.+", text[:1]), strings.HasSuffix(text, " "):
		return false
	case '0' <= text[0] && text[0] <= '9':
		// 1.16 is a number and 1.16.0 is none; an ID has hyphens where no number and no date has them.
		isVersion := strings.Count(text, ".") >= 2 && !strings.Contains(text, "_")
		_, isID := identity.Parse(text)
		return isVersion || len(text) == 36 && isID
	}
	return !slices.Contains(words, strings.ToLower(text))
}
