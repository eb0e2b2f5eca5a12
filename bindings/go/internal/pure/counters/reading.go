package counters

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"go.yaml.in/yaml/v3"
)

// maxUnknownDepth: our own form is nested four deep; what is nested deeper is not read on.
const maxUnknownDepth = 16

// found is what was found in a counters' file.
type found struct {
	Document
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
		if f.id, goOn = f.text(value); f.id != "" && !identity.IsUsable(f.id) {
			f.id, f.damaged = "", true
		}
	case "schema":
		var written uint64
		written, _, goOn = f.number(value)
		f.newer = written > schema
	default:
		return f.unknown(value)
	}
	return goOn
}

func (f *found) command(path string, codes *yaml.Node) bool {
	if !IsCommand(path) {
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
