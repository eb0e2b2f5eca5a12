package pure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// A ledger has totals of one destination. What became of an event is counted by the line of a .done file that says so,
// from the moment it is written; a .done file whose segment is gone is entered into ledger.json and removed. The file
// names the ones that it holds, so that one which a crash left behind is not entered twice.
type ledger struct {
	Delivered     int64            `json:"delivered"`
	Unconfirmed   int64            `json:"unconfirmed"`
	Requests      int64            `json:"requests"`
	Failures      int64            `json:"failures"`
	Lost          map[string]int64 `json:"lost"`
	ParkedUntilMs int64            `json:"parked_until_ms"`
	Entered       []string         `json:"entered"`
}

// count counts by the word of a record; one that only a later version knows is a loss of that name.
func (l *ledger) count(word string, number int64) {
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

// records give what was counted, without a place in a segment: counted again they make the same ledger.
func (l *ledger) records() (all []record) {
	add := func(word string, number int64) {
		if number > 0 {
			all = append(all, record{0, 0, number, word})
		}
	}
	add("delivered", l.Delivered-l.Unconfirmed)
	add("unconfirmed", l.Unconfirmed)
	add("requests", l.Requests)
	add("failures", l.Failures)
	for _, word := range sorted(l.Lost) {
		add(word, l.Lost[word])
	}
	return all
}

func (l *ledger) countAll(all []record) {
	for _, one := range all {
		l.count(one.word, one.events)
	}
}

// readLedger reads the file; an unreadable one counts as new.
func readLedger(dir string) (l ledger) {
	text, _ := readOurs(filepath.Join(dir, "ledger.json"))
	if json.Unmarshal(text, &l) != nil {
		l = ledger{}
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
func enter(dir string, news ledger) error {
	page := readLedger(dir)
	before, there := pretty(page), segments(dir, segmentEnding)
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
	page.countAll(news.records())
	page.ParkedUntilMs = news.ParkedUntilMs
	if text := pretty(page); !bytes.Equal(text, before) {
		if err := replaceWhole(filepath.Join(dir, "ledger.json"), text); err != nil {
			return err
		}
	}
	for _, file := range page.Entered {
		os.Remove(filepath.Join(dir, file))
	}
	return nil
}

// leaveNews leaves news as a record without a segment, for the next who delivers.
func leaveNews(dir string, news ledger, now time.Time) error {
	var text string
	for _, one := range news.records() {
		text += one.String()
	}
	return createWhole(filepath.Join(dir, string(nameSegment(now.UnixMilli(), newWriter()))+doneEnding), []byte(text))
}

// pretty is the form of files that people read: two blanks, no letter escaped that needs not be.
func pretty(value any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // of numbers and texts
	return bytes.TrimSuffix(text.Bytes(), []byte{'\n'})
}

// Stats is what a client did in this process, by the names of overt.Stats in JSON.
type Stats struct {
	Recorded    int64  `json:"recorded"`
	Delivered   int64  `json:"delivered"`
	Unconfirmed int64  `json:"unconfirmed"`
	Pending     int64  `json:"pending"`
	Lost        int64  `json:"lost"`
	Requests    int64  `json:"requests"`
	Failures    int64  `json:"failures"`
	Panics      int64  `json:"panics"`
	Storage     string `json:"storage"`
}

// counts are what this process did, and of that what the ledger is still to be told.
type counts struct {
	mutex    sync.Mutex
	recorded int64
	own      ledger
	news     ledger
}

// add counts what the ledger knows from a record.
func (c *counts) add(word string, number int) {
	if number > 0 {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.own.count(word, int64(number))
	}
}

// book also counts it for the ledger.
func (c *counts) book(word string, number int) {
	c.add(word, number)
	c.bookOnly(word, number)
}

func (c *counts) bookOnly(word string, number int) {
	if number > 0 {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.news.count(word, int64(number))
	}
}

func (c *counts) takeNews() ledger {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	news := c.news
	c.news = ledger{}
	return news
}

// giveBack: the ledger could not be told.
func (c *counts) giveBack(news ledger) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.news.countAll(news.records())
}

// maxSentBytes: a file of sent events is put aside at this size, and the one that was put aside before goes.
const maxSentBytes = 256 << 10

// keepSent keeps lines that were sent, for people to read; if it cannot, nothing else changes.
func keepSent(dir string, sent batch) {
	path := filepath.Join(dir, "sent.jsonl")
	if info, err := os.Stat(path); err == nil && info.Size() >= maxSentBytes {
		_ = rename(path, filepath.Join(dir, "sent.1.jsonl"))
	}
	var text []byte
	for _, one := range sent {
		text = append(append(text, one.text...), '\n')
	}
	_ = appendTo(path, text)
}

func forgetSent(dir string) {
	_ = removeIfThere(filepath.Join(dir, "sent.1.jsonl"))
	_ = removeIfThere(filepath.Join(dir, "sent.jsonl"))
}

func sentLines(dir string) string {
	before, _ := readOurs(filepath.Join(dir, "sent.1.jsonl"))
	last, _ := readOurs(filepath.Join(dir, "sent.jsonl"))
	return string(bytes.ToValidUTF8(append(before, last...), []byte("\uFFFD")))
}

// unreported gives the losses that the server is to be told of, as properties, and the report's UUID: the same for the
// same totals of the same client, so that processes which report at once are one event. false: there are none, or the
// last report told them.
func unreported(dir, clientID string) (properties []byte, uuid UUID, any bool) {
	lost := readLedger(dir).Lost
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
	uuid = uuidOfName(clientID + " [" + named + "]")
	last, _ := readOurs(filepath.Join(dir, reportedFile))
	return append(properties, '}'), uuid, any && string(bytes.TrimSpace(last)) != uuid.String()
}

// reportedFile holds the UUID of the last report of losses.
const reportedFile = "reported"
