package pure

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxDepth: containers inside containers, of what a caller gives.
	maxDepth = 32
	// lineDepth: an event's line puts two around that.
	lineDepth = maxDepth + 2
)

// compact is the gate for JSON from outside: it drops white space, leaves digits and escapes as they are, and refuses what
// is no JSON, and what would break a server: another encoding, depth, lone surrogates, numbers that no double holds.
func compact(text []byte, depth int) ([]byte, error) {
	var out bytes.Buffer
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8")
	}
	if err := json.Compact(&out, text); err != nil {
		return nil, err
	}
	return out.Bytes(), refuse(out.Bytes(), depth)
}

// isEvent says whether a line of a spool is one JSON object that can join a batch as it is.
func isEvent(line []byte) bool {
	object := bytes.TrimLeft(line, " \t\r")
	if len(object) == 0 || object[0] != '{' {
		return false
	}
	_, err := compact(line, lineDepth)
	return err == nil
}

// refuse looks through valid JSON.
func refuse(text []byte, depth int) error {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '{', '[':
			if depth--; depth < 0 {
				return errors.New("nested too deep")
			}
		case '}', ']':
			depth++
		case '"':
			end := stringEnd(text, i)
			if hasLoneSurrogate(text[i:end]) {
				return errors.New("a lone surrogate")
			}
			i = end - 1
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			end := i
			for end < len(text) && strings.IndexByte("+-.eE0123456789", text[end]) >= 0 {
				end++
			}
			if _, err := strconv.ParseFloat(string(text[i:end]), 64); err != nil {
				return errors.New("a number too large for a double")
			}
			i = end - 1
		}
	}
	return nil
}

// stringEnd gives the place behind a string that begins at i.
func stringEnd(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func hasLoneSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if i++; text[i] != 'u' {
			continue
		}
		switch unit := unitAt(text, i-1); {
		case 0xD800 <= unit && unit < 0xDC00:
			if low := unitAt(text, i+5); low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 6
		case 0xDC00 <= unit && unit <= 0xDFFF:
			return true
		}
		i += 4
	}
	return false
}

// unitAt gives the number of an escape \uXXXX, 0 if there is none.
func unitAt(text []byte, i int) uint64 {
	if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' {
		return 0
	}
	unit, _ := strconv.ParseUint(string(text[i+2:i+6]), 16, 16)
	return unit
}

// eachMember calls with each member of a compact object: its key, with escapes resolved, and the whole of it.
func eachMember(object []byte, member func(key string, whole []byte)) {
	for i := 1; i < len(object)-1; i++ {
		start, end := i, stringEnd(object, i)
		key := string(object[start+1 : end-1])
		if strings.Contains(key, `\`) {
			_ = json.Unmarshal(object[start:end], &key) // it is valid
		}
		i = valueEnd(object, end+1)
		member(key, object[start:i])
	}
}

// valueEnd gives the place behind a value that begins at i.
func valueEnd(text []byte, i int) int {
	for depth := 0; ; {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':':
			i++
			continue
		default:
			for i < len(text) && strings.IndexByte(",]}", text[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

// appendString appends a text as a JSON string, as the core does: what can stand for itself does.
func appendString(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
