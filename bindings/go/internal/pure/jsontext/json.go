// Package jsontext is the gate for JSON from outside, and writes strings as the core does. Text that passes the gate goes
// into an event as it is: digits and escapes are never changed.
package jsontext

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// MaxDepth: containers inside containers, of what a caller gives.
	MaxDepth = 32
	// lineDepth: an event's line puts two around that.
	lineDepth = MaxDepth + 2
)

// Compact drops white space, and refuses what is no JSON, and what would break a server: another encoding, depth, lone
// surrogates, numbers that no double holds.
func Compact(text []byte, depth int) ([]byte, error) {
	var out bytes.Buffer
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8")
	}
	if err := json.Compact(&out, text); err != nil {
		return nil, err
	}
	return out.Bytes(), refuse(out.Bytes(), depth)
}

// CompactObject does so with what has to be an object.
func CompactObject(text []byte) ([]byte, error) {
	out, err := Compact(text, MaxDepth)
	if err == nil && out[0] != '{' {
		err = errors.New("not a JSON object")
	}
	return out, err
}

// IsEvent says whether a line of a spool is one JSON object that can join a batch as it is.
func IsEvent(line []byte) bool {
	object := bytes.TrimLeft(line, " \t\r")
	if len(object) == 0 || object[0] != '{' {
		return false
	}
	_, err := Compact(line, lineDepth)
	return err == nil
}

// refuse looks through compact, valid JSON.
func refuse(text []byte, depth int) error {
	for i, end := 0, 0; i < len(text); i = end {
		end = tokenEnd(text, i)
		switch token := text[i:end]; token[0] {
		case '{', '[':
			if depth--; depth < 0 {
				return errors.New("nested too deep")
			}
		case '}', ']':
			depth++
		case '"':
			if hasLoneSurrogate(token) {
				return errors.New("a lone surrogate")
			}
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if _, err := strconv.ParseFloat(string(token), 64); err != nil {
				return errors.New("a number too large for a double")
			}
		}
	}
	return nil
}

// tokenEnd gives the place behind the token that begins at i.
func tokenEnd(text []byte, i int) int {
	switch text[i] {
	case '"':
		for i++; text[i] != '"'; i++ {
			if text[i] == '\\' {
				i++
			}
		}
		return i + 1
	case '{', '}', '[', ']', ',', ':':
		return i + 1
	}
	for i < len(text) && strings.IndexByte(",]}", text[i]) < 0 {
		i++
	}
	return i
}

// hasLoneSurrogate: such a one is read as U+FFFD, which may also be meant.
func hasLoneSurrogate(token []byte) bool {
	if !bytes.Contains(token, []byte(`\u`)) {
		return false
	}
	var text string
	_ = json.Unmarshal(token, &text)                                     // it is valid
	escapes := bytes.ToLower(bytes.ReplaceAll(token, []byte(`\\`), nil)) // without backslashes that stand for themselves
	meant := bytes.Count(token, []byte("\uFFFD")) + bytes.Count(escapes, []byte(`\ufffd`))
	return strings.Count(text, "\uFFFD") > meant
}

// EachMember calls with each member of a compact object, or of nothing: its key, with escapes resolved, and the whole.
func EachMember(object []byte, member func(key string, whole []byte)) {
	for i, end := 1, 0; i < len(object)-1; i = end + 1 {
		end = memberEnd(object, i)
		quoted := object[i:tokenEnd(object, i)]
		key := string(quoted[1 : len(quoted)-1])
		if strings.Contains(key, `\`) {
			_ = json.Unmarshal(quoted, &key) // it is valid
		}
		member(key, object[i:end])
	}
}

// memberEnd gives the place of the comma or the brace behind a member that begins at i.
func memberEnd(text []byte, i int) int {
	for depth := 0; ; i = tokenEnd(text, i) {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
}

// AppendString appends a text as a JSON string, as the core does: what can stand for itself does.
func AppendString(out []byte, text string) []byte {
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
