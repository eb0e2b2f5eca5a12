package pure

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"hash/fnv"
	"io/fs"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

func randomUUID() (u UUID) {
	rand.Read(u[:]) // never fails
	return u.of(4)
}

// uuidAt makes one that sorts by time, of version 7.
func uuidAt(now time.Time) UUID {
	u := randomUUID()
	for i, ms := 5, now.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		u[i] = byte(ms)
	}
	return u.of(7)
}

// uuidOfName is the same for the same text, of version 8.
func uuidOfName(text string) (u UUID) {
	hash := fnv.New128a()
	hash.Write([]byte(text)) // never fails
	hash.Sum(u[:0])
	return u.of(8)
}

// parseUUID reads what a caller gives: with hyphens, also in braces or as a URN, or without, in any case.
func parseUUID(text string) (u UUID, ok bool) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) == 38 && text[0] == '{' && text[37] == '}':
		text = text[1:37]
	case len(text) == 45 && isWord(text[:9], "urn:uuid:"):
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

// maxIDBytes is PostHog's limit for a distinct ID, and for an event's name.
const maxIDBytes = 200

// nobody are texts that programs send by mistake, and under which a server would merge everybody into one person.
var nobody = []string{
	"0", "[object object]", "anonymous", "guest", "null", "none", "nan", "undefined", "true", "false", "id", "email",
	"user", "system", "backend", "distinct_id", "not_authenticated",
}

func isDistinctID(id string) bool {
	bare := strings.TrimSpace(id)
	uuid, parsed := parseUUID(bare)
	return bare != "" && len(id) <= maxIDBytes && !(parsed && uuid == UUID{}) && !isWord(bare, nobody...)
}

// loadID gives the stored client ID, or "". The tool's own file may be whoever's; in the state directory nothing is
// trusted that is not ours.
func loadID(path string, ours bool) string {
	read := readAnyones
	if ours {
		read = readOurs
	}
	text, err := read(path)
	id := strings.TrimSpace(string(text))
	if err != nil || !utf8.Valid(text) || !isUsableID(id) {
		return ""
	}
	return id
}

// isUsableID says whether a text that was found can be a client ID.
func isUsableID(id string) bool {
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	return isDistinctID(id) && !strings.ContainsFunc(id, odd)
}

// loadOrMakeID gives the stored ID, or a new one; of two processes that race, the first wins. A file that holds none is
// replaced. An ID that cannot be stored is not used: an installation with a new one in each run would be counted often.
func loadOrMakeID(path string, ours bool) (string, error) {
	if id := loadID(path, ours); id != "" {
		return id, nil
	}
	if err := makeDirFor(path); err != nil {
		return "", err
	}
	id := randomUUID().String()
	err := createWhole(path, []byte(id))
	if errors.Is(err, fs.ErrExist) {
		if winner := loadID(path, ours); winner != "" {
			return winner, nil
		}
		err = replaceWhole(path, []byte(id))
	}
	return id, err
}
