package overt

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

type (
	level    int
	broken   struct{ Secret string }
	hostile  struct{ Secret string }
	stringer func() string
	tree     struct{ Left, Right *tree }
	counter  func()
	chain    struct {
		Count counter
		Bad   float64
		Next  *chain
	}
	withNaN struct {
		Ratio   float64 `json:"ratio"`
		Name    string  `json:"name,omitempty"`
		Empty   string  `json:",omitempty"`
		Skipped int     `json:"-"`
		Broken  broken
		hidden  int
	}
)

func (l level) String() string                 { return fmt.Sprintf("level %d", int(l)) }
func (broken) MarshalJSON() ([]byte, error)    { return nil, errors.New("no") }
func (hostile) MarshalJSON() ([]byte, error)   { panic("MarshalJSON") }
func (c counter) MarshalJSON() ([]byte, error) { c(); return []byte("1"), nil }
func (s stringer) String() string              { return s() }

// encoded gives properties as JSON, or the status that they are refused with.
func encoded(t *testing.T, props Props) (string, Status) {
	t.Helper()
	e := newEncoder()
	defer e.free()
	status := e.props(props)
	if status == OK && len(props) > 0 && !json.Valid(e.out) {
		t.Errorf("not JSON: %s", e.out)
	}
	return string(e.out), status
}

func TestEachKindOfValueHasItsForm(t *testing.T) {
	text, number := "text", 7
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	var nilError *json.SyntaxError
	large, tooLarge := strings.Repeat("9", 308), strings.Repeat("9", 309) // than a double
	parse := func(digits string) *big.Int {
		number, _ := new(big.Int).SetString(digits, 10)
		return number
	}
	for _, value := range []struct {
		value any
		want  string
	}{
		{nil, `null`},
		{true, `true`},
		{"", `""`},
		{"é 🦀 \u2028 <&>", "\"é 🦀 \u2028 <&>\""},
		{"\"\\\n\r\t\x00\x1f\x7f", "\"\\\"\\\\\\n\\r\\t\\u0000\\u001f\x7f\""},
		{"a\xffb\xed\xa0\x80c", "\"a\uFFFDb\uFFFD\uFFFD\uFFFDc\""},
		{-7, `-7`}, {int8(-8), `-8`}, {int16(9), `9`}, {int32(-10), `-10`}, {int64(math.MinInt64), `-9223372036854775808`},
		{uint(1), `1`}, {uint8(2), `2`}, {uint16(3), `3`}, {uint32(4), `4`}, {uint64(math.MaxUint64), `18446744073709551615`},
		{uintptr(5), `5`},
		{1.0, `1`}, {-0.25, `-0.25`}, {1e21, `1e+21`}, {1e-7, `1e-07`}, {math.MaxFloat64, `1.7976931348623157e+308`},
		{float32(0.1), `0.1`}, {math.NaN(), `null`}, {math.Inf(1), `null`}, {float32(math.Inf(-1)), `null`},
		{json.Number("123456789012345678901234567890.50"), `123456789012345678901234567890.50`},
		{json.Number("1e999"), `"1e999"`}, {json.Number("0x10"), `"0x10"`}, {json.Number(""), `""`}, {json.Number("Inf"), `"Inf"`},
		{new(big.Int).Lsh(big.NewInt(1), 70), `1180591620717411303424`}, {big.NewInt(-7), `-7`}, {(*big.Int)(nil), `null`},
		{json.Number(large), large}, {json.Number(tooLarge), `"` + tooLarge + `"`},
		{parse(large), large}, {parse(tooLarge), `"` + tooLarge + `"`}, {parse("-" + tooLarge), `"-` + tooLarge + `"`},
		{[]*big.Int{parse(tooLarge)}, `["` + tooLarge + `"]`},
		{json.RawMessage(` {"a": [1 , 2]} `), `{"a":[1,2]}`}, {json.RawMessage(`{`), `null`}, {json.RawMessage(nil), `null`},
		{time.Date(2026, 11, 20, 18, 10, 36, 493_000_000, time.FixedZone("", 3600)), `"2026-11-20T18:10:36.493+01:00"`},
		{1500 * time.Millisecond, `"1.5s"`},
		{netip.MustParseAddr("127.0.0.1"), `"127.0.0.1"`},
		{errors.New("it broke"), `"it broke"`}, {level(3), `"level 3"`}, {nilError, `null`},
		{stringer(func() string { panic("String") }), `null`}, {stringer(nil), `null`},
		{hostile{"secret"}, `null`}, {&hostile{}, `null`}, {broken{"secret"}, `null`},
		{[]string{"a", "b\n"}, `["a","b\n"]`}, {[]string(nil), `null`}, {[]string{}, `[]`},
		{[]any{1, nil, []any{}}, `[1,null,[]]`}, {[]int{1, 2}, `[1,2]`}, {[2]bool{true}, `[true,false]`},
		{[]float64{1, math.NaN()}, `[1,null]`}, {[]byte("hi"), `"aGk="`}, {[]byte(nil), `null`},
		{map[string]any{"k": Props{"n": 1}}, `{"k":{"n":1}}`}, {map[string]any(nil), `null`}, {Props{}, `{}`},
		{map[string]string{"k": "v"}, `{"k":"v"}`}, {map[string]int{"k": 1}, `{"k":1}`},
		{map[level]int{2: 1}, `{"level 2":1}`}, {map[any]any{"k": 1}, `{"k":1}`}, {map[any]any{true: nil}, `{"true":null}`},
		{map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, `{"::1":1}`}, {map[struct{ A int }]int{{1}: 1}, `{"struct { A int }":1}`},
		{&text, `"text"`}, {&number, `7`}, {(*int)(nil), `null`}, {struct{ A, b int }{1, 2}, `{"A":1}`},
		{&struct {
			A *int `json:"a"`
		}{&number}, `{"a":7}`},
		{withNaN{Ratio: math.NaN(), Name: "n", Skipped: 1, hidden: 2}, `{"ratio":null,"name":"n","Broken":null}`},
		{complex(1, -1), `"(1-1i)"`}, {reflect.ValueOf(7), `"\u003cint Value\u003e"`},
	} {
		got, status := encoded(t, Props{"k": value.value})
		want := `{"k":` + value.want + `}`
		if strings.Contains(want, `\u003c`) {
			want = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(want)
		}
		if got != want || status != OK {
			t.Errorf("%T %#v: got %s (%v), want %s", value.value, value.value, got, status, want)
		}
	}
	if got, _ := encoded(t, Props{"k": make(chan int)}); !strings.HasPrefix(got, `{"k":"0x`) {
		t.Errorf("a channel: %s", got)
	}
	if got, _ := encoded(t, Props{"k": func() {}}); !strings.HasPrefix(got, `{"k":"0x`) {
		t.Errorf("a function: %s", got)
	}
}

func TestNumbersAndTextsAreThoseOfEncodingJSON(t *testing.T) {
	for _, value := range []any{
		0.0, math.Copysign(0, -1), 1.5, 1e-6, 9.99e-7, 1e20, 1e21, 123456789.125, float32(3.4e38), float32(1e-7), math.Pi,
		"plain", "a\"b\\c\nd\te\rf", "\b\f\v", "日本語", "\xf0\x9f", "",
	} {
		got, _ := encoded(t, Props{"k": value})
		want, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var ours map[string]any
		var theirs any
		if json.Unmarshal([]byte(got), &ours) != nil || json.Unmarshal(want, &theirs) != nil || ours["k"] != theirs {
			t.Errorf("%#v: %s is not %s", value, got, want)
		}
	}
}

func TestNestedPropertiesAreGolden(t *testing.T) {
	const golden = `{"config":{"batch_size":32,"dead_queue_threshold":3,"target_count":1000.5},"count_summary":{"completed":998,` +
		`"failed":2},"error_summary":{"TimeoutError":2},"job_id":"8a6e","library_version":null,"num_inputs":[1,2.5,"three",` +
		`{"four":[true]}],"started":"2026-11-20T18:10:36Z","target_reached":true}`
	got, status := encoded(t, jobProps())
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got), &members); err != nil || status != OK {
		t.Fatal(err, status)
	}
	var sorted any
	_ = json.Unmarshal([]byte(got), &sorted)
	if text, _ := json.Marshal(sorted); string(text) != golden {
		t.Errorf("got  %s\nwant %s", text, golden)
	}
}

func jobProps() Props {
	return Props{
		"job_id":          "8a6e",
		"target_reached":  true,
		"library_version": nil,
		"started":         time.Date(2026, 11, 20, 18, 10, 36, 0, time.UTC),
		"config":          Props{"batch_size": 32, "target_count": 1000.5, "dead_queue_threshold": uint8(3)},
		"count_summary":   map[string]any{"completed": int64(998), "failed": 2},
		"error_summary":   map[string]int{"TimeoutError": 2},
		"num_inputs":      []any{1, 2.5, "three", map[string]any{"four": []bool{true}}},
	}
}

func TestWhatIsTooDeepOrCyclicIsNull(t *testing.T) {
	deep := func(levels int) any {
		var value any = 1
		for range levels {
			value = []any{value}
		}
		return value
	}
	if got, _ := encoded(t, Props{"k": deep(maxDepth - 1)}); !strings.Contains(got, "1") || strings.Contains(got, "null") {
		t.Errorf("%d deep: %s", maxDepth, got)
	}
	if got, _ := encoded(t, Props{"k": deep(maxDepth)}); strings.Contains(got, "1") || !strings.Contains(got, "[null]") {
		t.Errorf("%d deep: %s", maxDepth+1, got)
	}
	object := map[string]any{}
	object["self"] = object
	array := []any{nil}
	array[0] = array
	typed := map[string]map[string]any{"a": object}
	var pointer any
	pointer = &pointer
	ring := &tree{}
	ring.Left = ring
	for _, value := range []any{object, array, typed, pointer, ring, *ring} {
		if got, status := encoded(t, Props{"k": value}); status != OK || !strings.Contains(got, "null") {
			t.Errorf("%T: %s %v", value, got, status)
		}
	}
}

func TestAStructThatIsRefusedIsTriedOnce(t *testing.T) {
	calls := 0
	count := counter(func() { calls++ })
	value := &chain{count, 1, &chain{count, 2, &chain{count, math.NaN(), nil}}}
	got, _ := encoded(t, Props{"k": value})
	if want := `{"k":{"Count":1,"Bad":1,"Next":{"Count":1,"Bad":2,"Next":{"Count":1,"Bad":null,"Next":null}}}}`; got != want {
		t.Errorf("got %s", got)
	}
	if calls != 3+3 {
		t.Errorf("%d calls: each in vain once, and once for good", calls)
	}
}

func TestWhatIsLargerThanAnyEventIsRefused(t *testing.T) {
	wide := &tree{}
	wide.Left, wide.Right = wide, wide
	doubling := map[string]any{}
	doubling["a"], doubling["b"] = doubling, doubling
	items := make([]int, 1<<20)
	for _, value := range []any{strings.Repeat("x", maxBytes+1), wide, doubling, items, map[string]any{"k": items}} {
		if _, status := encoded(t, Props{"k": value, "other": 1}); status != EventTooLarge {
			t.Errorf("%T: %v", value, status)
		}
	}
}

func TestNoPropertiesAreNoText(t *testing.T) {
	for _, props := range []Props{nil, {}} {
		if got, status := encoded(t, props); got != "" || status != OK {
			t.Errorf("%q %v", got, status)
		}
	}
}
