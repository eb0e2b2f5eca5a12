package counters

import (
	"bytes"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"go.yaml.in/yaml/v3"
)

// What can be saved of a counters' file that is not whole, as the core saves it.

// prepare gives a text that this library reads as the core's does, and where reading it ends: at a zero byte, or at a
// byte order mark that is not the first. The library takes no character that is not printed, and some for line breaks;
// so they stand aside, in private use.
func prepare(content []byte) (blank found, text []byte, end int) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	// Go's library takes a tab for the space behind a colon, the core's does not. No text of ours has a tab in it.
	content = bytes.ReplaceAll(content, []byte(":\t"), []byte(": "))
	end = -1
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		// The beginning of a character counts as one that is none.
		for r == utf8.RuneError && size < len(content) && !utf8.FullRune(content[:size+1]) {
			size++
		}
		if (r == 0 || r == '\ufeff') && end < 0 {
			end = len(text)
		}
		if isAside(r) {
			r, blank.asides = r+aside, true
		}
		text, content = utf8.AppendRune(text, r), content[size:]
	}
	if end < 0 {
		end = len(text)
	}
	return blank, text, end
}

// aside is where characters stand that the library would not take as they are.
const aside = 0xF0000

func isAside(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 ||
		r == 0xfffe || r == 0xffff
}

// valueOf gives a scalar's text.
func (f *found) valueOf(node *yaml.Node) string {
	if !f.asides {
		return node.Value
	}
	return strings.Map(func(r rune) rune {
		if r >= aside && isAside(r-aside) {
			return r - aside
		}
		return r
	}, node.Value)
}

// beforeFault reads what stands before the first fault. The library gives nothing of a document with one, so the
// longest beginning without is looked for: just before the place where the library has noticed it, or else by lines.
func (f found) beforeFault(text []byte) found {
	const mostTries, mostBytes = 64, 4 << 20 // together some 0.1 s
	slow := slowly{bytes.NewReader(text)}
	f.readFrom(slow)
	noticed := len(text) - slow.Len()
	for cut := noticed; cut > 0 && noticed-cut < min(mostTries, mostBytes/len(text)); cut-- {
		f, err := f.read(closed(text[:cut]))
		if err != nil {
			continue
		}
		// What the line of the fault has made of the one before is not all there is.
		line := bytes.LastIndexByte(text[:cut], '\n') + 1
		if before, err := f.read(closed(text[:line])); err == nil {
			before.points.each(f.takeOver)
		}
		return f
	}
	most, lines := f, bytes.SplitAfter(text[:noticed], []byte{'\n'})
	sort.Search(len(lines), func(n int) bool {
		part, err := f.read(closed(bytes.Join(lines[:n], nil)))
		if err == nil {
			most = part
		}
		return err != nil
	})
	return most
}

// slowly reads no byte before it is needed.
type slowly struct{ *bytes.Reader }

func (s slowly) Read(into []byte) (int, error) { return s.Reader.Read(into[:min(len(into), 1)]) }

// closed closes what is open in a text that is all in flow style.
func closed(text []byte) []byte {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte{'{'}) {
		return text
	}
	var quote byte
	var ends []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			quote = 0
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == '{' || c == '[':
			ends = append(ends, c+2) // the one that closes it
		case (c == '}' || c == ']') && len(ends) > 0:
			ends = ends[:len(ends)-1]
		}
	}
	slices.Reverse(ends)
	return append(text[:len(text):len(text)], ends...)
}

// idInLine: the ID stands near the end of the file, where a fault before it would hide it.
func idInLine(line string) string {
	value, found := strings.CutPrefix(line, "id:")
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	if id, ok := identity.Parse(value); !found || !ok || id == (identity.UUID{}) || value != strings.TrimSpace(value) {
		return ""
	}
	return value
}
