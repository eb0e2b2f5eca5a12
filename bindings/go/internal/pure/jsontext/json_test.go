package jsontext

import (
	"fmt"
	"strings"
	"testing"
)

func TestWhatBreaksAServerIsRefused(t *testing.T) {
	for _, text := range []string{
		`"\ud800"`, `"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, `"\ud83dA"`, `"\ud83d\u0041"`, `"\\\ud800"`, `"\"\ud800"`,
		`{"\ud800":1}`, `"\ufffd\ud800"`, "\"\uFFFD\\ud800\"", `"\\ufffd\ud800"`, `1e999`, `-1e999`, "\"\xff\"", ``, `{`, `1 2`,
		`[[[]]]`, `{"a":[{"b":1}]}`,
	} {
		if out, err := Compact([]byte(text), 2); err == nil {
			t.Errorf("%s became %s", text, out)
		}
	}
}

func TestWhatIsTakenKeepsItsDigitsAndEscapes(t *testing.T) {
	for _, text := range []string{
		`"\ud83d\ude00"`, `"\uD83D\uDE00\u0041"`, `"\\ud800"`, `"\uFFFd\ufffd"`, "\"\uFFFD\"", `-1e-999`, `1.0`, `-0`,
		`12345678901234567890123`, `[[],{},null,true]`, `"\/"`,
	} {
		if out, err := Compact([]byte(" "+text+"\n"), 2); err != nil || string(out) != text {
			t.Errorf("%s became %s: %v", text, out, err)
		}
	}
}

func TestMembersAreCutAtTheirOwnCommas(t *testing.T) {
	for text, want := range map[string]string{
		``: ``, `{}`: ``, `{"a":1}`: `a "a":1|`,
		`{"a":[1,{"b":",}"}],"c\u0041":"x,y","":1.0,"d":{},"d":null}`: `a "a":[1,{"b":",}"}]|cA "c\u0041":"x,y"| "":1.0|d "d":{}|d "d":null|`,
	} {
		var got strings.Builder
		EachMember([]byte(text), func(key string, whole []byte) { fmt.Fprintf(&got, "%s %s|", key, whole) })
		if got.String() != want {
			t.Errorf("%s has %s", text, got.String())
		}
	}
}
