package counters

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
)

// lines reads a counters' file that is no YAML by its lines, as the core does: what stands before a fault and behind it,
// in the form that we and PACE write, a key a line. A line that cannot be read, or that does not belong where it stands,
// may have been a command's: nothing counts from there to the next command, so that no count is ever taken for another
// command's or code's. A count in a last line that is cut off is too low; none would be lower.
type lines struct {
	found
	open []level // the keys that the last line is nested in, and its own
}

type level struct {
	indent int
	key    string
}

const blank = " \t"

func readLines(text string) found {
	l := lines{found: found{Document: Document{points: points{}}, damaged: true}}
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if bare := strings.TrimLeft(line, blank); bare != "" && bare[0] != '#' {
			l.take(len(line)-len(bare), bare)
		}
	}
	return l.found
}

// take takes the next line. What is nested in the same is indented the same.
func (l *lines) take(indent int, line string) {
	depth := 0
	for depth < len(l.open) && l.open[depth].indent < indent {
		depth++
	}
	besideOthers := depth == 0 || depth == len(l.open) || l.open[depth].indent == indent
	if key, value, ok := cutMember(line); ok && besideOthers && l.belongs(depth, key, value) {
		l.open = append(l.open[:depth], level{indent, key})
		return
	}
	if depth == 1 && len(l.open) == 1 {
		l.open = append(l.open, level{indent: indent}) // where the commands are
	}
	if l.open = l.open[:min(len(l.open), 2)]; len(l.open) == 2 {
		l.open[1].key = ""
	}
}

// belongs takes over what a member says. False: it does not belong where it stands.
func (l *lines) belongs(depth int, key, value string) bool {
	if depth == 0 {
		l.topLine(key, value)
		return true
	}
	if l.open[0].key != "metric_points" {
		return false
	}
	switch depth {
	case 1:
		return value == "" && IsCommand(key)
	case 2:
		_, err := strconv.ParseInt(key, 10, 32)
		return l.open[1].key != "" && value == "" && err == nil
	case 3:
		code, _ := strconv.ParseInt(l.open[2].key, 10, 32)
		count, ok := parseCount(value)
		if ok = ok && key == "cumulative_count"; ok {
			l.takeOver(l.open[1].key, int32(code), count)
		}
		return ok
	}
	return false
}

// topLine takes over what stands beside the counts; of two for the same the first.
func (l *lines) topLine(key, value string) {
	switch {
	case key == "schema":
		written, _ := parseCount(value)
		l.newer = l.newer || written > schema
	case !isText(value):
	case key == "cli_version" && l.version == "":
		l.version = value
	case key == "operating_system" && l.operatingSystem == "":
		l.operatingSystem = value
	case key == "id" && l.id == "" && identity.IsUsable(value):
		l.id = value
	}
}

// cutMember reads a line of the form `key:` or `key: value`, without its indentation.
func cutMember(line string) (key, value string, ok bool) {
	if strings.ContainsFunc(line, isForbidden) {
		return "", "", false
	}
	key, rest, ok := cutScalar(line + " ")
	rest, colon := strings.CutPrefix(rest, ": ")
	if rest = strings.TrimLeft(rest, blank); !ok || !colon || rest == "" || rest[0] == '#' {
		return key, "", ok && colon
	}
	value, rest, ok = cutScalar(rest)
	return key, value, ok && (rest == "" || rest[0] == '#')
}

// cutScalar reads the text with which a line begins, and gives what follows.
func cutScalar(line string) (text, rest string, ok bool) {
	switch first := line[0]; {
	case first == '"' || first == '\'':
		text, rest, ok = cutQuoted(line[1:], first)
	case strings.IndexByte("&*!|>%@`{}[],#", first) >= 0, strings.HasPrefix(line, "- "), strings.HasPrefix(line, "? "):
	default:
		text = line
		for _, end := range []string{": ", " #", "\t#"} {
			text, _, _ = strings.Cut(text, end)
		}
		text, rest, ok = strings.TrimRight(text, blank), line[len(text):], true
	}
	return text, strings.TrimLeft(rest, blank), ok
}

// cutQuoted reads up to the quote that ends a text. Of the escapes it knows those that we write.
func cutQuoted(line string, quote byte) (text, rest string, ok bool) {
	var out []byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'' && quote == c && line[i+1:] != "" && line[i+1] == c:
			i++
			out = append(out, c)
		case c == quote:
			return string(out), line[i+1:], true
		case c == '\\' && quote == '"':
			r, _, behind, err := strconv.UnquoteChar(line[i:], quote)
			if err != nil || !strings.Contains(`"\uU`, line[i+1:i+2]) {
				return "", "", false
			}
			out, i = utf8.AppendRune(out, r), len(line)-len(behind)-1
		default:
			out = append(out, c)
		}
	}
	return "", "", false
}
