package overt

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Props are the properties of an event, walked straight into its JSON at capture. They must not change meanwhile.
//
//   - Numbers, texts, booleans, nil, maps, slices and structs are written as encoding/json writes them, but a NaN or an
//     infinity is null, and what is not UTF-8 is replaced.
//   - A json.Marshaler or encoding.TextMarshaler writes itself; an error or a fmt.Stringer is its text, so a
//     time.Duration is "1.5s". One that fails or panics is null.
//   - A json.Number or a *big.Int keeps all its digits; one that is larger than any double is a text, because a server
//     could not read it.
//   - A struct that encoding/json refuses is walked field by field; a channel or a function is its fmt.Sprint.
//   - What is nested deeper than 32 is null, cycles included.
type Props map[string]any

const (
	// maxDepth is the core's: it refuses JSON that is nested deeper.
	maxDepth = 32
	// maxBytes is more than the largest event that the core takes, 900 KiB; a walk that has written so much may end.
	maxBytes = 1 << 20
	// usualBytes holds a nested event; maxKeptBytes is what a pooled buffer may grow to.
	usualBytes   = 1 << 10
	maxKeptBytes = 1 << 16
)

// An encoder appends JSON values to its buffer.
type encoder struct {
	out []byte
	// over: there is more than any event may hold, and what was written is not whole.
	over bool
	// refused: we are inside a value that encoding/json refuses.
	refused bool
}

var encoders = sync.Pool{New: func() any { return &encoder{out: make([]byte, 0, usualBytes)} }}

func newEncoder() *encoder {
	e := encoders.Get().(*encoder)
	e.out, e.over, e.refused = e.out[:0], false, false
	return e
}

// free gives the buffer back; nobody may look at it any more.
func (e *encoder) free() {
	if cap(e.out) <= maxKeptBytes {
		encoders.Put(e)
	}
}

// props writes properties as an object, and gives nothing for no properties.
func (e *encoder) props(props Props) (status Status) {
	if len(props) == 0 {
		return OK
	}
	return e.walk(func() { e.object(props, 0) })
}

// walk runs a part of the encoder so that nothing of it reaches the host.
func (e *encoder) walk(write func()) (status Status) {
	defer func() {
		if recover() != nil {
			status = InvalidProperties
		}
	}()
	write()
	if e.over {
		return EventTooLarge
	}
	return OK
}

// value writes one value; depth is how many containers it is inside of.
func (e *encoder) value(v any, depth int) {
	if len(e.out) > maxBytes {
		e.over = true
	}
	if e.over {
		return
	}
	switch v := v.(type) {
	case nil:
		e.null()
	case string:
		e.string(v)
	case bool:
		e.out = strconv.AppendBool(e.out, v)
	case int:
		e.int(int64(v))
	case int64:
		e.int(v)
	case int32:
		e.int(int64(v))
	case uint:
		e.uint(uint64(v))
	case uint64:
		e.uint(v)
	case uint32:
		e.uint(uint64(v))
	case float64:
		e.float(v, 64)
	case float32:
		e.float(float64(v), 32)
	case Props:
		e.object(v, depth)
	case map[string]any:
		e.object(v, depth)
	case []any:
		array(e, v, depth, func(v any) { e.value(v, depth+1) })
	case []string:
		array(e, v, depth, e.string)
	case map[string]string:
		object(e, v, depth, e.string)
	case json.Number:
		e.number(v)
	case time.Time:
		e.out = append(e.out, '"')
		e.out = v.AppendFormat(e.out, time.RFC3339Nano)
		e.out = append(e.out, '"')
	default:
		e.other(v, depth)
	}
}

func (e *encoder) null()         { e.out = append(e.out, "null"...) }
func (e *encoder) int(v int64)   { e.out = strconv.AppendInt(e.out, v, 10) }
func (e *encoder) uint(v uint64) { e.out = strconv.AppendUint(e.out, v, 10) }

// float writes a number as encoding/json does.
func (e *encoder) float(v float64, bits int) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		e.null()
		return
	}
	form := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	e.out = strconv.AppendFloat(e.out, v, form, -1, bits)
}

// number writes the digits of a number as they are, and what is none as a text.
func (e *encoder) number(v json.Number) {
	if _, err := v.Float64(); err != nil || !json.Valid([]byte(v)) {
		e.string(string(v))
		return
	}
	e.out = append(e.out, v...)
}

// plain are the bytes that stand for themselves in a JSON string.
var plain = func() (plain [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

func (e *encoder) string(s string) {
	if len(s) > maxBytes {
		e.over = true
		return
	}
	const hex = "0123456789abcdef"
	out, start := append(e.out, '"'), 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				out = append(append(out, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		out = append(out, s[start:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	e.out = append(append(out, s[start:]...), '"')
}

// key writes a key, after a comma unless it is the first.
func (e *encoder) key(key string) {
	if e.out[len(e.out)-1] != '{' {
		e.out = append(e.out, ',')
	}
	e.string(key)
	e.out = append(e.out, ':')
}

// object is the generic object for the usual map, which is worth a copy: no call through a closure.
func (e *encoder) object(members map[string]any, depth int) {
	if members == nil || depth >= maxDepth {
		e.null()
		return
	}
	e.out = append(e.out, '{')
	for key, v := range members {
		e.key(key)
		e.value(v, depth+1)
		if e.over {
			return
		}
	}
	e.out = append(e.out, '}')
}

func object[V any](e *encoder, members map[string]V, depth int, write func(V)) {
	if members == nil || depth >= maxDepth {
		e.null()
		return
	}
	e.out = append(e.out, '{')
	for key, v := range members {
		e.key(key)
		write(v)
		if e.over {
			return
		}
	}
	e.out = append(e.out, '}')
}

func array[V any](e *encoder, items []V, depth int, write func(V)) {
	if items == nil || depth >= maxDepth {
		e.null()
		return
	}
	e.out = append(e.out, '[')
	for i, item := range items {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		write(item)
		if e.over {
			return
		}
	}
	e.out = append(e.out, ']')
}

// other writes what is not exactly one of the usual types.
func (e *encoder) other(v any, depth int) {
	switch v := v.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		// Not walked if it fails: it may be there to hide something.
		if !e.marshal(v) {
			e.null()
		}
	case error:
		e.text(v.Error)
	case fmt.Stringer:
		e.text(v.String)
	default:
		e.reflect(reflect.ValueOf(v), depth)
	}
}

// text writes what a method of the host's says.
func (e *encoder) text(say func() string) {
	if said, ok := guarded(say); ok {
		e.string(said)
	} else {
		e.null()
	}
}

// guarded runs a method of the host's; false if it panics.
func guarded[T any](run func() T) (value T, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return run(), true
}

// marshal leaves a value to encoding/json; false, with nothing written, if that refuses.
func (e *encoder) marshal(v any) bool {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err, ok := guarded(func() error { return encoder.Encode(v) })
	if !ok || err != nil {
		return false
	}
	written := bytes.TrimSuffix(text.Bytes(), []byte{'\n'})
	if c := written[0]; c == '-' || '0' <= c && c <= '9' {
		e.number(json.Number(written)) // a big.Int can be larger than any double
	} else {
		e.out = append(e.out, written...)
	}
	return true
}

func (e *encoder) reflect(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Bool:
		e.out = strconv.AppendBool(e.out, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.uint(v.Uint())
	case reflect.Float32, reflect.Float64:
		e.float(v.Float(), v.Type().Bits())
	case reflect.String:
		e.string(v.String())
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Array, reflect.Struct:
		e.container(v, depth)
	default: // a channel, a function, a complex number
		e.string(fmt.Sprint(v.Interface()))
	}
}

func (e *encoder) container(v reflect.Value, depth int) {
	kind := v.Kind()
	base64 := kind == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8
	structure := kind == reflect.Struct || kind == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct
	switch {
	case depth >= maxDepth || kind != reflect.Struct && kind != reflect.Array && v.IsNil():
		e.null()
	case (base64 || structure && !e.refused) && e.marshal(v.Interface()):
	case structure:
		outside := e.refused
		e.refused = true
		e.fields(reflect.Indirect(v), depth)
		e.refused = outside
	case kind == reflect.Pointer:
		e.value(v.Elem().Interface(), depth+1)
	case kind == reflect.Map:
		e.members(v, depth)
	default:
		e.out = append(e.out, '[')
		for i := 0; i < v.Len() && !e.over; i++ {
			if i > 0 {
				e.out = append(e.out, ',')
			}
			e.value(v.Index(i).Interface(), depth+1)
		}
		e.out = append(e.out, ']')
	}
}

func (e *encoder) members(v reflect.Value, depth int) {
	e.out = append(e.out, '{')
	for members := v.MapRange(); members.Next() && !e.over; {
		e.key(keyText(members.Key().Interface()))
		e.value(members.Value().Interface(), depth+1)
	}
	e.out = append(e.out, '}')
}

// keyText gives the text of a map's key, and the name of its type where it has none.
func keyText(key any) string {
	if text, ok := key.(encoding.TextMarshaler); ok {
		said, ok := guarded(func() []byte {
			said, err := text.MarshalText()
			if err != nil {
				panic(err)
			}
			return said
		})
		if ok {
			return string(said)
		}
	}
	switch kind := reflect.ValueOf(key).Kind(); {
	case kind == reflect.String:
		return reflect.ValueOf(key).String()
	case kind >= reflect.Bool && kind <= reflect.Float64:
		return fmt.Sprint(key)
	}
	return fmt.Sprintf("%T", key)
}

// fields writes a struct whose whole encoding/json refused, such as one that holds a NaN.
func (e *encoder) fields(v reflect.Value, depth int) {
	e.out = append(e.out, '{')
	for i := 0; i < v.NumField() && !e.over; i++ {
		field := v.Type().Field(i)
		name, rules, _ := strings.Cut(field.Tag.Get("json"), ",")
		omitted := strings.Contains(rules, "omit") && v.Field(i).IsZero()
		if !field.IsExported() || name == "-" || omitted {
			continue
		}
		if name == "" {
			name = field.Name
		}
		e.key(name)
		e.value(v.Field(i).Interface(), depth+1)
	}
	e.out = append(e.out, '}')
}
