// Package identity has UUIDs, and the client ID: the random name of an installation, under which nobody is known.
package identity

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/fnv"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// A UUID is one of RFC 9562.
type UUID [16]byte

func (u UUID) String() string {
	text := hex.EncodeToString(u[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

func (u UUID) of(version byte) UUID {
	u[6] = u[6]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80
	return u
}

// Random makes one that says nothing, of version 4.
func Random() (u UUID) {
	rand.Read(u[:]) // never fails
	return u.of(4)
}

// At makes one that sorts by time, of version 7.
func At(now time.Time) UUID {
	u := Random()
	for i, ms := 5, now.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		u[i] = byte(ms)
	}
	return u.of(7)
}

// OfName is the same for the same text, of version 8.
func OfName(text string) (u UUID) {
	hash := fnv.New128a()
	hash.Write([]byte(text)) // never fails
	hash.Sum(u[:0])
	return u.of(8)
}

// Parse reads what a caller gives: with hyphens, also in braces or as a URN, or without, in any case.
func Parse(text string) (u UUID, ok bool) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) == 38 && text[0] == '{' && text[37] == '}':
		text = text[1:37]
	case len(text) == 45 && strings.EqualFold(text[:9], "urn:uuid:"):
		text = text[9:]
	}
	if len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' {
		text = text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	}
	if len(text) != 32 {
		return u, false
	}
	_, err := hex.Decode(u[:], []byte(text))
	return u, err == nil
}

// MaxBytes is PostHog's limit for a distinct ID, and for an event's name.
const MaxBytes = 200

// nobody are texts that programs send by mistake, and under which a server would merge everybody into one person.
var nobody = []string{
	"0", "[object object]", "anonymous", "guest", "null", "none", "nan", "undefined", "true", "false", "id", "email",
	"user", "system", "backend", "distinct_id", "not_authenticated",
}

// IsDistinctID says whether an event can be somebody's of this name.
func IsDistinctID(id string) bool {
	bare := strings.TrimSpace(id)
	uuid, parsed := Parse(bare)
	isNobody := slices.ContainsFunc(nobody, func(word string) bool {
		return len(word) == len(bare) && strings.EqualFold(word, bare) // no letter beyond ASCII folds to one of ours
	})
	return bare != "" && len(id) <= MaxBytes && !(parsed && uuid == UUID{}) && !isNobody
}

// Load gives the stored client ID, or "". The tool's own file may be whoever's; in the state directory nothing is
// trusted that is not ours.
func Load(path string, ours bool) string {
	read := system.ReadAnyones
	if ours {
		read = system.Read
	}
	text, err := read(path)
	id := strings.TrimSpace(string(text))
	if err != nil || !utf8.Valid(text) || !IsUsable(id) {
		return ""
	}
	return id
}

// IsUsable says whether a text that was found can be a client ID.
func IsUsable(id string) bool {
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	return IsDistinctID(id) && !strings.ContainsFunc(id, odd)
}

// LoadOrMake gives the stored ID, or a new one; of two processes that race, the first wins. A file that holds none is
// replaced. An ID that cannot be stored is not used: an installation with a new one in each run would be counted often.
func LoadOrMake(path string, ours bool) (string, error) {
	if id := Load(path, ours); id != "" {
		return id, nil
	}
	if err := system.MakeDir(filepath.Dir(path)); err != nil {
		return "", err
	}
	id := Random().String()
	err := system.Create(path, []byte(id))
	if errors.Is(err, fs.ErrExist) {
		if winner := Load(path, ours); winner != "" {
			return winner, nil
		}
		err = system.Replace(path, []byte(id))
	}
	return id, err
}

// Words gives a UUID as two numbers.
func (u UUID) Words() (high, low uint64) {
	return binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
}
