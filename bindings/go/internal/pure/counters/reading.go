package counters

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"go.yaml.in/yaml/v3"
)

// maxNesting: our own form is nested four deep; what is nested deeper than this is not read as YAML.
const maxNesting = 16

// found is what was found in a counters' file.
type found struct {
	Document
	// damaged: it held something else, too, which goes with the next write.
	damaged bool
	// newer: a later version wrote it.
	newer bool
}

// readCounters reads a file's content: the YAML that we and PACE write, in any style. What is no YAML from its beginning
// to its end, or nested too deep, is read by its lines: this library and the core's agree on what is valid, but not on
// where a fault is.
func readCounters(content []byte) found {
	text, isText := string(content), utf8.Valid(content)
	if !isText {
		text = string([]rune(text)) // a byte that is no text counts as one character
	}
	// Go's library takes a tab for the space behind a colon, the core's does not. No text of ours has a tab in it.
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), ":\t", ": ")
	f, err := readYAML(text)
	if err != nil {
		f = readLines(text)
	}
	f.damaged = f.damaged || !isText
	return f
}

// isForbidden says whether some version of YAML takes a character for no part of a text, unless it is escaped.
func isForbidden(r rune) bool {
	switch r {
	case '\t', '\n', '\r':
		return false
	case 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff:
		return true
	}
	return unicode.IsControl(r)
}

var errNotRead = errors.New("it is not read as YAML")

// readYAML reads one document, or none. Another is passed over.
func readYAML(text string) (f found, err error) {
	// A panic of the library's is a fault of the file's.
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("the file cannot be read: %v", why)
		}
	}()
	if strings.ContainsFunc(text, isForbidden) {
		return f, errNotRead
	}
	f.points = points{}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for documents := 0; ; {
		var node yaml.Node
		if err := decoder.Decode(&node); err == io.EOF {
			return f, nil
		} else if err != nil {
			return f, err
		}
		switch root := node.Content[0]; {
		case depthOf(root) > maxNesting:
			return f, errNotRead
		case isNothing(root):
		case documents > 0:
			f.damaged = true
		default:
			documents++
			f.mapping(root, f.topMember)
		}
	}
}

// mapping reads the members of a mapping; what is none is passed over.
func (f *found) mapping(node *yaml.Node, member func(key string, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		f.damaged = true
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; key.Kind == yaml.ScalarNode {
			member(key.Value, node.Content[i+1])
		} else {
			f.damaged = true
		}
	}
}

func (f *found) topMember(key string, value *yaml.Node) {
	switch key {
	case "metric_points":
		if !isNothing(value) {
			f.mapping(value, f.command)
		}
	case "cli_version":
		f.version = f.text(value)
	case "operating_system":
		f.operatingSystem = f.text(value)
	case "id":
		if f.id = f.text(value); f.id != "" && !identity.IsUsable(f.id) {
			f.id, f.damaged = "", true
		}
	case "schema":
		written, _ := f.number(value)
		f.newer = written > schema
	default:
		f.damaged = true
	}
}

func (f *found) command(path string, codes *yaml.Node) {
	if !IsCommand(path) {
		f.damaged = true
		return
	}
	f.mapping(codes, func(key string, point *yaml.Node) {
		code, err := strconv.ParseInt(key, 10, 32)
		if err != nil {
			f.damaged = true
			return
		}
		f.mapping(point, func(key string, value *yaml.Node) {
			if key != "cumulative_count" {
				f.damaged = true
			} else if count, ok := f.number(value); ok {
				f.takeOver(path, int32(code), count)
			}
		})
	})
}

// text gives a text of one line, "" if there is none.
func (f *found) text(node *yaml.Node) string {
	isScalar := node.Kind == yaml.ScalarNode
	f.damaged = f.damaged || !isScalar || strings.ContainsFunc(node.Value, unicode.IsControl)
	if !isScalar || !isText(node.Value) {
		return ""
	}
	return node.Value
}

func isText(scalar string) bool {
	return !strings.ContainsFunc(scalar, unicode.IsControl) && scalar != "" && scalar != "~" && scalar != "null"
}

func (f *found) number(node *yaml.Node) (number uint64, ok bool) {
	if node.Kind == yaml.ScalarNode {
		number, ok = parseCount(node.Value)
	}
	f.damaged = f.damaged || !ok
	return number, ok
}

// parseCount reads a count. One that is larger than any number is the largest.
func parseCount(scalar string) (count uint64, ok bool) {
	count, _ = strconv.ParseUint(scalar, 10, 64)
	return count, scalar != "" && strings.Trim(scalar, "0123456789") == ""
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
