package spool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// A Ledger has totals of one destination. What became of an event is counted by the line of a .done file that says so,
// from the moment it is written; a .done file whose segment is gone is entered into ledger.json and removed. The file
// names the ones that it holds, so that one which a crash left behind is not entered twice.
type Ledger struct {
	Delivered     int64            `json:"delivered"`
	Unconfirmed   int64            `json:"unconfirmed"`
	Requests      int64            `json:"requests"`
	Failures      int64            `json:"failures"`
	Lost          map[string]int64 `json:"lost"`
	ParkedUntilMs int64            `json:"parked_until_ms"`
	Entered       []string         `json:"entered"`
}

// count counts by the word of a record; one that only a later version knows is a loss of that name.
func (l *Ledger) count(word string, number int64) {
	switch word {
	case "delivered":
		l.Delivered += number
	case "unconfirmed":
		l.Delivered += number
		l.Unconfirmed += number
	case "requests":
		l.Requests += number
	case "failures":
		l.Failures += number
	default:
		if l.Lost == nil {
			l.Lost = map[string]int64{}
		}
		l.Lost[word] += number
	}
}

func (l *Ledger) countAll(all done) {
	for _, one := range all {
		l.count(one.word, one.events)
	}
}

// ReadLedger reads the file of a spool; an unreadable one counts as new.
func ReadLedger(dir string) (l Ledger) {
	text, _ := system.Read(filepath.Join(dir, "ledger.json"))
	if json.Unmarshal(text, &l) != nil {
		l = Ledger{}
	}
	if l.Lost == nil {
		l.Lost = map[string]int64{}
	}
	if l.Entered == nil {
		l.Entered = []string{}
	}
	return l
}

// enter enters news, and the records whose segments are gone. Only for who holds the right to deliver.
func enter(dir string, news done, parkedUntil int64) error {
	page := ReadLedger(dir)
	before, there := Pretty(page), segments(dir, segmentEnding)
	entered := page.Entered
	page.Entered = []string{}
	for _, name := range segments(dir, doneEnding) {
		if _, found := slices.BinarySearch(there, name); found {
			continue
		}
		file := string(name) + doneEnding
		page.Entered = append(page.Entered, file)
		if !slices.Contains(entered, file) {
			page.countAll(records(filepath.Join(dir, file)))
		}
	}
	page.countAll(news)
	page.ParkedUntilMs = parkedUntil
	if text := Pretty(page); !bytes.Equal(text, before) {
		if err := system.Replace(filepath.Join(dir, "ledger.json"), text); err != nil {
			return err
		}
	}
	for _, file := range page.Entered {
		os.Remove(filepath.Join(dir, file))
	}
	return nil
}

// leaveNews leaves news as a record without a segment, for the next who delivers.
func leaveNews(dir string, news done, now time.Time) error {
	return system.Create(nameSegment(now.UnixMilli(), nameWriter()).in(dir, doneEnding), []byte(news.String()))
}

// Pretty is the form of files that people read: two blanks, no letter escaped that needs not be.
func Pretty(value any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // of numbers and texts
	return bytes.TrimSuffix(text.Bytes(), []byte{'\n'})
}

// reportedFile holds the UUID of the last report of losses.
const reportedFile = "reported"

// Unreported gives the losses that the server is to be told of, as properties, and the report's UUID: the same for the
// same totals of the same client, so that processes which report at once are one event. false: there are none, or the
// last report told them.
func Unreported(dir, clientID string) (properties []byte, uuid identity.UUID, any bool) {
	lost := ReadLedger(dir).Lost
	var named string // as the core writes them where it makes this UUID
	properties = []byte{'{'}
	for _, reason := range [][2]string{
		{"spool_full", "SpoolFull"}, {"memory_full", "MemoryFull"}, {"expired", "Expired"}, {"refused", "Refused"},
		{"corrupt", "Corrupt"},
	} {
		if number := lost[reason[0]]; number > 0 {
			if any {
				named, properties = named+", ", append(properties, ',')
			}
			named += fmt.Sprintf("(%s, %d)", reason[1], number)
			properties = fmt.Appendf(properties, "%q:%d", reason[0], number)
			any = true
		}
	}
	uuid = identity.OfName(clientID + " [" + named + "]")
	last, _ := system.Read(filepath.Join(dir, reportedFile))
	return append(properties, '}'), uuid, any && string(bytes.TrimSpace(last)) != uuid.String()
}

// Reported notes a report that was made.
func Reported(dir string, uuid identity.UUID) {
	_ = system.Replace(filepath.Join(dir, reportedFile), []byte(uuid.String()+"\n"))
}
