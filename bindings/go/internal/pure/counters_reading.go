package pure

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxUnknownDepth: our own form is nested four deep; what is nested deeper is not read on.
const maxUnknownDepth = 16

// found is what was found in a counters' file.
type found struct {
	document
	// damaged: it held something else, too, which goes with the next write.
	damaged bool
	// newer: a later version wrote it.
	newer bool
	// asides: characters stand aside.
	asides bool
}

// readCounters reads a file's content: the YAML that we and PACE write, in any style, and what can be saved of anything
// else, which is what stands before the first fault, and the ID wherever it stands.
func readCounters(content []byte) found {
	blank, all, end := prepare(content)
	f, err := blank.read(all[:end])
	if err != nil {
		f = blank.beforeFault(all[:end])
	}
	f.damaged = f.damaged || err != nil || end < len(all) || !utf8.Valid(content)
	for line := range bytes.Lines(all) {
		if f.damaged && f.id == "" {
			f.id = idInLine(string(line))
		}
	}
	return f
}

// beforeFault reads what stands before the first fault. The library gives nothing of a document with one, so the longest
// beginning without is looked for: just before the place where the library has noticed it, or else by lines.
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
	var quote byte
	var ends []byte
	for i := 0; i < len(text) && bytes.HasPrefix(bytes.TrimSpace(text), []byte{'{'}); i++ {
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

// prepare gives a text that this library reads as the core's does, and where reading it ends: at a zero byte, or at a byte
// order mark that is not the first. The library takes no character that is not printed, and some for line breaks; so they
// stand aside, in private use.
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

// read reads one document, or none.
func (f found) read(text []byte) (found, error) { return f.readFrom(bytes.NewReader(text)) }

func (f found) readFrom(text io.Reader) (found, error) {
	f.points = points{}
	decoder := yaml.NewDecoder(text)
	for documents := 0; ; {
		var node yaml.Node
		err := decode(decoder, &node)
		switch {
		case err == io.EOF:
			return f, nil
		case err != nil && documents == 0:
			return f, err
		case err == nil && isNothing(node.Content[0]):
		case documents > 0:
			f.damaged = true // a second document, or a fault behind the first
			return f, nil
		default:
			documents++
			if !f.mapping(node.Content[0], f.topMember) {
				return f, nil
			}
		}
	}
}

// decode gives the next document. A panic of the library's is a fault of the file's.
func decode(decoder *yaml.Decoder, node *yaml.Node) (err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("the file cannot be read: %v", why)
		}
	}()
	return decoder.Decode(node)
}

// idInLine: the ID stands near the end of the file, where a fault before it would hide it.
func idInLine(line string) string {
	value, found := strings.CutPrefix(line, "id:")
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	if id, ok := parseUUID(value); !found || !ok || id == (UUID{}) || value != strings.TrimSpace(value) {
		return ""
	}
	return value
}

// mapping reads the members of a mapping; what is none is passed over. False: nothing can be read any more.
func (f *found) mapping(node *yaml.Node, member func(key string, value *yaml.Node) bool) bool {
	if node.Kind != yaml.MappingNode {
		return f.unknown(node)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind == yaml.ScalarNode && !member(f.valueOf(key), value) ||
			key.Kind != yaml.ScalarNode && !(f.unknown(key) && f.unknown(value)) {
			return false
		}
	}
	return true
}

func (f *found) topMember(key string, value *yaml.Node) (goOn bool) {
	switch key {
	case "metric_points":
		return isNothing(value) || f.mapping(value, f.command)
	case "cli_version":
		f.version, goOn = f.text(value)
	case "operating_system":
		f.operatingSystem, goOn = f.text(value)
	case "id":
		if f.id, goOn = f.text(value); f.id != "" && !isUsableID(f.id) {
			f.id, f.damaged = "", true
		}
	case "schema":
		var schema uint64
		schema, _, goOn = f.number(value)
		f.newer = schema > countersSchema
	default:
		return f.unknown(value)
	}
	return goOn
}

func (f *found) command(path string, codes *yaml.Node) bool {
	if !isCommand(path) {
		return f.unknown(codes)
	}
	return f.mapping(codes, func(key string, point *yaml.Node) bool {
		code, err := strconv.ParseInt(key, 10, 32)
		if err != nil {
			return f.unknown(point)
		}
		return f.mapping(point, func(key string, value *yaml.Node) bool {
			if key != "cumulative_count" {
				return f.unknown(value)
			}
			count, any, goOn := f.number(value)
			if any {
				f.takeOver(path, int32(code), count)
			}
			return goOn
		})
	})
}

// text gives a text of one line, "" if there is none.
func (f *found) text(node *yaml.Node) (text string, goOn bool) {
	if node.Kind != yaml.ScalarNode {
		return "", f.unknown(node)
	}
	switch text = f.valueOf(node); {
	case hasControl(text):
		f.damaged = true
		return "", true
	case text == "~" || text == "null":
		return "", true
	}
	return text, true
}

// number gives a count. One that is larger than any number is the largest.
func (f *found) number(node *yaml.Node) (number uint64, any, goOn bool) {
	if node.Kind != yaml.ScalarNode || node.Value == "" || strings.Trim(node.Value, "0123456789") != "" {
		return 0, false, f.unknown(node)
	}
	number, _ = strconv.ParseUint(node.Value, 10, 64)
	return number, true, true
}

// unknown notes a node that cannot be kept. False: it is nested too deep to read on.
func (f *found) unknown(node *yaml.Node) bool {
	f.damaged = true
	return depthOf(node) <= maxUnknownDepth
}

func depthOf(node *yaml.Node) (depth int) {
	for _, inner := range node.Content {
		depth = max(depth, depthOf(inner))
	}
	if node.Kind == yaml.MappingNode || node.Kind == yaml.SequenceNode {
		depth++
	}
	return depth
}

// isNothing says whether a node is null.
func isNothing(node *yaml.Node) bool {
	plain := node.Kind == yaml.ScalarNode && node.Style&^yaml.TaggedStyle == 0
	return plain && (node.Value == "" || node.Value == "~" || node.Value == "null")
}
