package pure

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"sync"
	"time"
)

// A session is what a client needs once there is something to record: its ID, and where events wait. That is on disk, and
// in memory for as long as the disk refuses.
type session struct {
	clientID string
	common   common
	config   *Config
	spools   string // the directory of all
	dir      string // that of this destination
	stored   stored
	say      func(form string, args ...any)
	report   every

	mutex    sync.Mutex
	attempts every // to open the spool
	disk     *spool
	memory   [][]byte // lines without line breaks; nil: needs no more delivery
	claimed  int      // so many of them are being sent
}

// reportEvery is how often a process that lives for long looks whether losses are to be reported.
const reportEvery = day

// stored is what a later process must know to deliver, or to explain, what this one left: destination.json.
type stored struct {
	Destination       destination `json:"destination"`
	AllowPlainHTTP    bool        `json:"allow_plain_http"`
	AppVersion        string      `json:"app_version"`
	ResponseWaitMs    int64       `json:"response_wait_ms"`
	ClientIDPath      *string     `json:"client_id_path"`
	ClientIDKey       string      `json:"client_id_key"`
	CountersPath      *string     `json:"counters_path"`
	CountersEndpoint  string      `json:"counters_endpoint"`
	CountersInterval  *int64      `json:"counters_interval_ms"`
	MaxBatchBytes     int         `json:"max_batch_bytes"`
	MaxSpoolAgeMs     int64       `json:"max_spool_age_ms"`
	KeepSent          bool        `json:"keep_sent"`
	ConsentEnv        []string    `json:"consent_env"`
	ConsentPath       *string     `json:"consent_path"`
	ConsentKey        string      `json:"consent_key"`
	DefaultConsent    bool        `json:"default_consent"`
	RespectDoNotTrack bool        `json:"respect_do_not_track"`
	InCI              bool        `json:"in_ci"`
}

// A destination is where events go, and how.
type destination struct {
	Wire                string      `json:"wire"`
	Endpoint            string      `json:"endpoint"`
	APIKey              string      `json:"api_key"`
	Compression         string      `json:"compression"`
	HistoricalMigration bool        `json:"historical_migration"`
	ExtraHeaders        [][2]string `json:"extra_headers"`
	Ack                 string      `json:"ack"`
}

func storedOf(config *Config, to destination) stored {
	s := stored{
		// What only the core has: its defaults, so that both kinds store the same.
		ResponseWaitMs: 100,
		Destination:    to, AllowPlainHTTP: config.AllowPlainHTTP, AppVersion: config.AppVersion,
		MaxBatchBytes: config.MaxBatchBytes, MaxSpoolAgeMs: config.MaxSpoolAge.Milliseconds(), KeepSent: config.KeepSent,
		ConsentEnv: append([]string{}, config.ConsentEnv...), DefaultConsent: config.DefaultConsent,
		RespectDoNotTrack: config.RespectDoNotTrack, InCI: config.InCI,
	}
	s.ClientIDPath, s.CountersPath = absolute(config.ClientIDPath), absolute(config.CountersPath)
	s.CountersEndpoint = config.CountersEndpoint
	if ms := config.CountersInterval.Milliseconds(); config.CountersInterval >= 0 {
		s.CountersInterval = &ms
	}
	return s
}

// absolute: a later process may run in another directory.
func absolute(path string) *string {
	whole, err := filepath.Abs(path)
	if path == "" || err != nil {
		return nil
	}
	return &whole
}

// isUnlinked: somebody took away what this process wrote.
func (s *session) isUnlinked() bool {
	disk := s.spool()
	return disk != nil && disk.isUnlinked()
}

// open gives the spool, opened now if that failed before; nil if it cannot be.
func (s *session) open(now time.Time) *spool {
	if s.disk == nil && s.attempts.isDue(now) {
		disk, err := s.openSpool()
		if err != nil {
			s.say("events wait in memory: %v", err)
		}
		s.disk = disk
	}
	return s.disk
}

func (s *session) openSpool() (*spool, error) {
	if err := makePrivateDir(s.spools); err != nil {
		return nil, err
	}
	disk, err := openSpool(s.dir, s.config)
	if err != nil {
		return nil, err
	}
	return disk, s.stored.keep(s.dir)
}

// keep stores it beside a spool. Refused if that spool is another destination's, which would get these events.
func (s *stored) keep(dir string) error {
	path := filepath.Join(dir, "destination.json")
	var other struct{ Destination *destination }
	text, _ := readOurs(path)
	if json.Unmarshal(text, &other) == nil && other.Destination != nil {
		ours, theirs := s.Destination, *other.Destination
		if ours.Wire != theirs.Wire || ours.Endpoint != theirs.Endpoint || ours.APIKey != theirs.APIKey {
			return errors.New("the spool belongs to another destination")
		}
	}
	return keepWhole(path, pretty(s))
}

// append keeps a line, which ends with its line break, or says why it is lost.
func (s *session) append(line []byte, now time.Time) (loss string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if disk := s.open(now); disk != nil {
		switch err := disk.append(line, now); err {
		case nil:
			s.leaveMemory(now)
			return ""
		case errFull:
			return "spool_full"
		default:
			s.say("the spool cannot be written: %v", err)
		}
	}
	if len(s.memory) >= s.config.MaxMemoryEvents {
		return "memory_full"
	}
	s.memory = append(s.memory, line[:len(line)-1:len(line)])
	return ""
}

// leaveMemory brings what waits in memory, and is not being sent, to disk, if the disk takes it now.
func (s *session) leaveMemory(now time.Time) {
	for i := s.claimed; s.disk != nil && i < len(s.memory); i++ {
		if s.memory[i] != nil && s.disk.append(append(s.memory[i], '\n'), now) != nil {
			break
		}
		s.memory[i] = nil
	}
	s.shrink()
}

// shrink forgets what needs no more delivery.
func (s *session) shrink() {
	if s.claimed == 0 {
		s.memory = s.inMemory()
	}
}

func (s *session) inMemory() (lines [][]byte) {
	for _, line := range s.memory {
		if line != nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// end leaves on disk what would end with the process.
func (s *session) end(now time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.inMemory()) > 0 {
		s.attempts.last = time.Time{}
		s.open(now)
		s.leaveMemory(now)
	}
}

// clear forgets what waits in memory; what is being sent is not sent again.
func (s *session) clear() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.memory)
}

func (s *session) spool() *spool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.disk
}

// waiting says how many events wait, and where.
func (s *session) waiting() (events int64, storage string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	inMemory := int64(len(s.inMemory()))
	if s.disk == nil {
		return inMemory, "memory"
	}
	if events, storage = s.disk.waiting(), "disk"; inMemory > 0 {
		storage = "memory"
	}
	return events + inMemory, storage
}

func (s *session) wasSent(sent batch, keep bool) {
	if disk := s.spool(); disk != nil && keep {
		keepSent(disk.dir, sent)
	} else if disk != nil {
		forgetSent(disk.dir)
	}
}

// deliver runs a pass over what waits: over memory always, over the disk unless another process delivers it.
func (s *session) deliver(now time.Time, counts *counts, send func(source) pass) pass {
	s.mutex.Lock()
	disk := s.open(now)
	s.leaveMemory(now)
	s.mutex.Unlock()
	fromMemory := s.deliverMemory(counts, send)
	if disk == nil {
		return fromMemory
	}
	fromDisk, err := s.deliverDisk(disk, now, counts, send, fromMemory == passParked)
	if err != nil {
		s.say("the spool cannot be delivered: %v", err)
		fromDisk = passParked
	}
	if fromMemory != passDone {
		return fromMemory
	}
	return fromDisk
}

func (s *session) deliverMemory(counts *counts, send func(source) pass) pass {
	s.mutex.Lock()
	s.claimed = len(s.memory)
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		s.claimed = 0
		s.shrink()
		s.mutex.Unlock()
	}()
	return send(&memorySource{session: s, counts: counts})
}

func (s *session) deliverDisk(
	disk *spool, now time.Time, counts *counts, send func(source) pass, parked bool,
) (ended pass, err error) {
	claim, err := disk.claim(now, counts)
	if claim == nil {
		return passBusy, err
	}
	defer func() { // also if it panics, or the lock would stay
		parkedUntil := now.Add(parkTime).UnixMilli()
		if ended != passParked && !parked {
			parkedUntil = 0
		}
		claim.finish(parkedUntil)
	}()
	if ended = send(claim); ended == passDone && claim.hasLeft() {
		ended = passParked
	}
	return ended, nil
}

// A memorySource delivers what waits in memory.
type memorySource struct {
	*session
	counts *counts
	at     int
}

func (m *memorySource) next(maxBytes int) (found batch) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for ; m.at < min(m.claimed, len(m.memory)); m.at++ {
		if text := m.memory[m.at]; text != nil && !found.add(item{line: line{from: int64(m.at), text: text}}, maxBytes) {
			break
		}
	}
	return found
}

// settle also tells the ledger: no record on disk says it.
func (m *memorySource) settle(sent batch, word string) {
	m.counts.bookOnly(word, len(sent))
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, one := range sent {
		m.memory[one.from] = nil
	}
}
