package identity

import (
	"strings"
	"testing"
	"time"
)

func TestNewUUIDsAreOfVersion7AndTheirTime(t *testing.T) {
	at := time.UnixMilli(1_795_198_236_493)
	seen := map[UUID]bool{}
	for range 1000 {
		uuid := At(at)
		if text := uuid.String(); text[:15] != "01a1fa27-374d-7" || strings.IndexByte("89ab", text[19]) < 0 || seen[uuid] {
			t.Fatal(text)
		}
		seen[uuid] = true
	}
}
