// Package pure is overt without cgo: the consent rules, identity, spool, ledger, counters and delivery of the Rust
// core, in Go and for one wire.
//
// It shares a state directory with processes of the core, at the same time: the same files (docs/files.md), lines that
// are the same byte for byte, the same locks. Tests hold it to that: tables and defaults are compared with the core's
// source, lines and files with the core's own, and the conformance contract is played to it.
//
// An event goes client → event → session → spool in the caller's goroutine, and worker → session → claim → deliver in
// another, which ends when nothing is left to do. A command goes client → counters (lock) → reading → document → yaml →
// place (rename), and the counts go out with the worker's pass.
package pure

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// lookEvery is how often capturing looks whether somebody switched off in another process.
const lookEvery = time.Second

// A Client records events and delivers them. Any number of goroutines may use it at once.
type Client struct {
	config    Config
	super     []byte // properties of every event that have passed the gate
	variables variables
	rules     rules
	to        destination
	root      string // the state directory; "" if this user has no home
	transport *http.Transport
	worker    worker
	counts    counts
	look      every
	// counters are nil unless there is a file for them.
	counters       *counters
	lookAtCounters every
	// said is what SetConsent said in this process; decided is the decision, so that the disabled path is one load.
	said    atomic.Pointer[bool]
	decided atomic.Pointer[Consent]
	// forced: an event was recorded by force, and may be sent although consent is off.
	forced atomic.Bool
	// noticeShown is set before anybody else has the client.
	noticeShown bool
	opening     sync.Mutex
	session     atomic.Pointer[session]
}

// New makes a client. An error names the option that cannot be used; consent plays no part in it.
func New(config Config) (*Client, error) {
	config.APIKey, config.Endpoint = strings.TrimSpace(config.APIKey), endpoint(config.Endpoint)
	if err := config.check(); err != nil {
		return nil, err
	}
	c := &Client{
		config: config, variables: ofProcess(), transport: newTransport(config.ConnectTimeout), look: every{length: lookEvery},
		lookAtCounters: every{length: lookEvery},
		to: destination{
			Wire: config.Wire, Endpoint: config.Endpoint, APIKey: config.APIKey, Compression: config.Compression,
			HistoricalMigration: config.HistoricalMigration, ExtraHeaders: append([][2]string{}, config.ExtraHeaders...),
			Ack: "status",
		},
	}
	if len(config.SuperProperties) > 0 {
		super, err := compact(config.SuperProperties, maxDepth)
		if err == nil && super[0] != '{' {
			err = errors.New("not a JSON object")
		}
		if err != nil {
			return nil, fmt.Errorf("super_properties: %w", err)
		}
		c.super = super
	}
	c.root, c.rules = stateDir(config.StateDir, config.App, c.variables), readRules(&config, c.variables)
	if config.CountersPath != "" {
		path, err := filepath.Abs(config.CountersPath) // the host may change its working directory
		if err != nil {
			return nil, fmt.Errorf("counters_path: %w", err)
		}
		c.counters = &counters{path: path, version: config.AppVersion, newID: c.newID}
	}
	c.worker = worker{
		flushAt: config.FlushAt, flushInterval: config.FlushInterval, pass: c.pass, changed: make(chan struct{}),
	}
	consent := c.decideWithNotice()
	c.look.isDue(wall())
	c.say("consent %v", consent)
	if consent.Enabled && config.Background {
		c.deliverLeftovers()
	}
	return c, nil
}

// say says a line on stderr, if a developer asked for it.
func (c *Client) say(form string, args ...any) {
	if c.config.Debug || c.variables["OVERT_DEBUG"] == "1" {
		fmt.Fprintf(os.Stderr, "overt: "+form+"\n", args...)
	}
}

func (c *Client) consentPath() string { return filepath.Join(c.root, "consent") }
func (c *Client) spools() string      { return filepath.Join(c.root, "spool") }

func (c *Client) idPath() string {
	if c.config.ClientIDPath != "" {
		return c.config.ClientIDPath
	}
	return filepath.Join(c.root, "client_id")
}

// spoolDir is named for the wire, the endpoint and the key, so that they never mix.
func (c *Client) spoolDir() string {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s\n%s\n%s", c.to.Wire, c.to.Endpoint, c.to.APIKey)
	return filepath.Join(c.spools(), fmt.Sprintf("%016x", hash.Sum64()))
}

// checkState refuses a place that others can change, before anything is made, replaced or removed there.
func (c *Client) checkState() error {
	switch {
	case c.root == "":
		return errors.New("this user has no home directory")
	case hasAnothersRights():
		return errors.New("a program with another user's rights keeps nothing")
	}
	return checkPlace(c.root)
}

func (c *Client) hostSays() (answer *bool) {
	if said := c.said.Load(); said != nil {
		return said
	}
	if c.config.ConsentFunc == nil {
		return c.config.Consent
	}
	answer = new(bool) // a panic has not consented
	defer func() { _ = recover() }()
	*answer = c.config.ConsentFunc()
	return answer
}

// decide decides anew, and keeps the answer.
func (c *Client) decide() Consent { return c.decideAs(c.hostSays()) }

// decideAs does the same with what the host says.
func (c *Client) decideAs(host *bool) Consent {
	stored := ""
	if c.root != "" && !c.rules.sayOff() {
		stored = readChoice(c.consentPath())
	}
	consent := c.rules.decide(host, stored, func() bool {
		return c.config.SendBeforeNotice || c.notice() == "" || c.root != "" && wasShown(c.marker())
	})
	c.decided.Store(&consent)
	return consent
}

func (c *Client) notice() string { return strings.TrimSpace(c.config.Notice) }
func (c *Client) marker() string { return filepath.Join(c.root, "notice") }

// decideWithNotice shows the notice if there is one and only the default would switch telemetry on.
func (c *Client) decideWithNotice() Consent {
	consent := c.decide()
	byDefault := consent.Reason == "no_notice" || consent == Consent{true, "default"}
	if !byDefault || !c.rules.hasKey || c.notice() == "" || c.checkState() != nil ||
		c.variables.first(ciSystems) != "" && !c.config.NoticeAnywhere {
		return consent
	}
	c.noticeShown = showNotice(c.notice(), c.marker(), c.config.NoticeAnywhere, wall())
	return c.decide()
}

// NoticeShown says whether this client has shown the notice.
func (c *Client) NoticeShown() bool { return c.noticeShown }

// Consent says whether events are recorded, and why.
func (c *Client) Consent() Consent {
	if c.config.ConsentFunc != nil {
		return c.decide()
	}
	return *c.decided.Load()
}

func (c *Client) mayRecord(force bool) bool {
	consent := c.Consent()
	return c.config.APIKey != "" && (consent.Enabled || force && consent.mayBeForced())
}

func (c *Client) maySend() bool { return c.mayRecord(c.forced.Load()) }

// lookAtFiles notices what other processes did: a choice that was stored, a spool that was erased.
func (c *Client) lookAtFiles() {
	c.decide()
	if s := c.session.Load(); s != nil {
		if disk := s.spool(); disk != nil && disk.isErased() {
			c.forgetSession()
		}
	}
}

// forgetSession: the next event opens another.
func (c *Client) forgetSession() {
	if s := c.session.Swap(nil); s != nil {
		if disk := s.spool(); disk != nil {
			disk.end()
		}
	}
}

// SetConsent stores the user's choice, for this process and all later ones. Off also erases the client ID and all that
// waits. Storage: the choice holds in this process, but could not be stored, or not all be erased.
func (c *Client) SetConsent(enabled bool) Status {
	c.said.Store(&enabled)
	c.decide()
	if c.checkState() != nil {
		return Storage
	}
	word := "off"
	if enabled {
		word = "on"
	}
	stored := makeDir(c.root)
	if stored == nil {
		stored = replaceWhole(c.consentPath(), []byte(word+" "+stamp(wall())+"\n"))
	}
	if !enabled {
		stored = errors.Join(stored, c.erase())
	}
	c.decide()
	if stored != nil {
		return Storage
	}
	return OK
}

// erase removes the client ID and all that waits, of all processes and destinations.
func (c *Client) erase() error {
	if s := c.session.Load(); s != nil {
		s.clear()
	}
	c.forgetSession()
	if err := c.checkState(); err != nil {
		return err
	}
	var counts error
	if c.counters != nil {
		counts = c.counters.erase()
	}
	// The ID may have been the state directory's before the tool had counters.
	return errors.Join(counts, removeIfThere(c.idPath()), os.RemoveAll(c.spools()))
}

// ClientID gives the client ID, made now if there is none; "" while consent is off.
func (c *Client) ClientID() (string, Status) {
	if !c.Consent().Enabled {
		return "", OK
	}
	if c.counters != nil {
		id, err := c.counters.id()
		if err != nil {
			return "", Storage
		}
		return id, OK
	}
	s, err := c.openSession()
	if err != nil {
		return "", Storage
	}
	return s.clientID, OK
}

// newID is the ID that this installation had before it had counters, or else a new one.
func (c *Client) newID() string {
	if c.checkState() == nil {
		if id := loadID(c.idPath(), true); id != "" {
			return id
		}
	}
	return randomUUID().String()
}

// ResetClientID forgets the client ID and erases what waits.
func (c *Client) ResetClientID() (string, Status) {
	if c.erase() != nil {
		return "", Storage
	}
	return c.ClientID()
}

func (c *Client) openSession() (*session, error) {
	if s := c.session.Load(); s != nil {
		return s, nil
	}
	c.opening.Lock()
	defer c.opening.Unlock()
	if s := c.session.Load(); s != nil {
		return s, nil
	}
	if err := c.checkState(); err != nil {
		return nil, err
	}
	id, err := "", error(nil)
	if c.counters != nil {
		id, err = c.counters.id()
	} else {
		id, err = loadOrMakeID(c.idPath(), c.config.ClientIDPath == "")
	}
	if err != nil {
		return nil, err
	}
	s := &session{
		clientID: id, common: commonOf(&c.config, c.super, c.variables), config: &c.config, say: c.say,
		spools: c.spools(), dir: c.spoolDir(), stored: storedOf(&c.config, c.to),
		report: every{length: reportEvery}, attempts: every{length: time.Second},
	}
	s.mutex.Lock()
	s.open(wall())
	s.mutex.Unlock()
	c.session.Store(s)
	return s, nil
}

// Capture records an event. When it answers OK, the event is stored under this UUID, and survives the death of the
// process.
func (c *Client) Capture(event *Event) (UUID, Status) {
	uuid, status, _ := c.capture(event)
	return uuid, status
}

// capture also says why an event was lost, "" if it was not, or BeforeSend dropped it.
func (c *Client) capture(event *Event) (uuid UUID, status Status, loss string) {
	if !c.mayRecord(event.Force) {
		return uuid, Disabled, ""
	}
	head, status := event.check()
	if status != OK {
		return uuid, status, ""
	}
	now := wall()
	// Somebody may have switched off in another process, which takes away what this one has written.
	if s := c.session.Load(); s == nil || s.isUnlinked() || c.look.isDue(now) {
		c.lookAtFiles()
		if !c.mayRecord(event.Force) {
			return uuid, Disabled, ""
		}
	}
	s, err := c.openSession()
	if err != nil {
		c.say("nothing can be recorded: %v", err)
		return uuid, Storage, ""
	}
	var properties []byte
	if len(event.Properties) > 0 {
		if properties, err = compact(event.Properties, maxDepth); err != nil || properties[0] != '{' {
			return uuid, InvalidProperties, ""
		}
	}
	if head.uuid == (UUID{}) {
		head.uuid = uuidAt(now)
	}
	if event.Timestamp.IsZero() {
		head.at = now
	}
	if head.distinctID == "" {
		head.distinctID = s.clientID
	}
	line := head.line(properties, &s.common)
	if c.config.BeforeSend != nil {
		shown := c.beforeSend(line)
		if shown == nil {
			return uuid, Dropped, ""
		}
		if line, head.uuid, status = rewritten(shown); status != OK {
			return uuid, status, ""
		}
	}
	if line = append(line, '\n'); len(line) > c.config.MaxEventBytes {
		return uuid, EventTooLarge, ""
	}
	if loss := s.append(line, now); loss != "" {
		c.counts.book(loss, 1)
		return uuid, Dropped, loss
	}
	c.recorded(s, event.Force, now)
	return head.uuid, OK, ""
}

// beforeSend shows a line to the host; nil drops it, and so does a panic.
func (c *Client) beforeSend(line []byte) (shown []byte) {
	defer func() {
		if recover() != nil {
			shown = nil // it has not approved
		}
	}()
	return c.config.BeforeSend(line)
}

func (c *Client) recorded(s *session, force bool, now time.Time) {
	if force {
		c.forced.Store(true)
	}
	c.counts.mutex.Lock()
	c.counts.recorded++
	c.counts.mutex.Unlock()
	if c.config.Background {
		c.worker.recorded()
	}
	if s.report.isDue(now) && c.config.ReportLosses && c.Consent().Enabled {
		c.reportLosses(s)
	}
}

// reportLosses records an event with the totals of what was lost on this machine, unless that was reported.
func (c *Client) reportLosses(s *session) {
	disk := s.spool()
	if disk == nil {
		return
	}
	properties, uuid, any := unreported(disk.dir, s.clientID)
	if !any {
		return
	}
	_, status, loss := c.capture(&Event{Name: "overt_losses", UUID: uuid.String(), Properties: properties})
	if status == OK || status == Dropped && loss == "" { // what BeforeSend drops it would drop again
		_ = replaceWhole(filepath.Join(disk.dir, reportedFile), []byte(uuid.String()+"\n"))
	}
}

// pass is one run of the worker over what waits.
func (c *Client) pass() (ended pass) {
	defer func() { c.say("pass %d", ended) }()
	now := wall()
	c.lookAtFiles()
	othersUpload := c.uploadCounters()
	if ended = c.deliverEvents(now); ended == passDone && othersUpload {
		ended = passBusy
	}
	return ended
}

func (c *Client) deliverEvents(now time.Time) pass {
	if c.config.APIKey == "" {
		return passDone // there are no events
	}
	if !c.maySend() {
		return passStopped
	}
	s, err := c.openSession()
	if err != nil {
		c.say("nothing can be sent: %v", err)
		return passStopped
	}
	return s.deliver(now, &c.counts, func(from source) pass { return c.deliver(s, from) })
}

// leftovers says when the oldest segment of the spool was begun; false if there is none.
func (c *Client) leftovers() (oldest time.Time, any bool) {
	if c.root == "" {
		return oldest, false
	}
	names := segments(c.spoolDir(), segmentEnding)
	if len(names) == 0 {
		return oldest, false
	}
	return time.UnixMilli(names[0].begun()), true
}

func (c *Client) deliverLeftovers() {
	if wait, any := c.countersWait(); any {
		c.worker.foundLeftovers(wait)
	}
	oldest, any := c.leftovers()
	if !any {
		return
	}
	now := wall()
	parked := time.UnixMilli(readLedger(c.spoolDir()).ParkedUntilMs).Sub(now)
	if parked > parkTime {
		parked = 0 // a clock that was set back must not park for years
	}
	c.worker.foundLeftovers(max(c.config.FlushInterval-max(now.Sub(oldest), 0), parked, 0))
}

// Flush waits until all that was recorded before is delivered or given up, at most so long. Unlike the worker it also
// tries what is parked.
func (c *Client) Flush(timeout time.Duration) Status {
	_, anyEvents := c.leftovers()
	anyEvents = c.maySend() && (anyEvents || c.session.Load() != nil)
	if _, any := c.countersWait(); !any && !anyEvents {
		return OK
	}
	status := c.worker.flush(timeout)
	// After Close nothing is tried, and with nothing waiting nothing needs to be.
	if status == Undelivered && c.pendingEvents() == 0 {
		return OK
	}
	return status
}

func (c *Client) pendingEvents() int64 {
	if s := c.session.Load(); s != nil {
		events, _ := s.waiting()
		return events
	}
	return 0
}

// Close ends delivery: it waits for it at most so long, then stops the worker. Events can still be recorded.
func (c *Client) Close(timeout time.Duration) Status {
	status := OK
	if timeout > 0 {
		status = c.Flush(timeout)
	}
	c.worker.close()
	if s := c.session.Load(); s != nil {
		s.end(wall())
		if disk := s.spool(); disk != nil {
			if news := c.counts.takeNews(); len(news.records()) > 0 && leaveNews(disk.dir, news, wall()) != nil {
				c.counts.giveBack(news)
			}
		}
	}
	return status
}

// WaitAtExit waits for delivery within Config.ExitTimeout, or what earlier exits in vain have left of it.
func (c *Client) WaitAtExit() Status {
	if _, any := c.countersWait(); c.config.ExitTimeout == 0 || c.root == "" || c.pendingEvents() == 0 && !any {
		return OK
	}
	down := readCooldown(c.spoolDir(), wall())
	status := c.Flush(down.wait(c.config.ExitTimeout))
	down.note(status != OK, wall())
	return status
}

// Free closes a client that nobody uses any more, without waiting, and gives up its files.
func (c *Client) Free() {
	c.Close(0)
	c.forgetSession()
}

// Pending gives the events that wait, oldest first, each with a line break.
func (c *Client) Pending() string {
	var lines []string
	if c.root != "" {
		lines = pendingLines(c.spoolDir())
	}
	if s := c.session.Load(); s != nil {
		s.mutex.Lock()
		for _, line := range s.inMemory() {
			lines = append(lines, string(line))
		}
		s.mutex.Unlock()
	}
	return strings.Join(append(lines, ""), "\n")
}

// Sent gives the last events that were sent, oldest first, each with a line break.
func (c *Client) Sent() string {
	if c.root == "" {
		return ""
	}
	return sentLines(c.spoolDir())
}

// Stats says what this client did in this process.
func (c *Client) Stats() Stats {
	stats := Stats{Storage: "none"}
	if s := c.session.Load(); s != nil {
		stats.Pending, stats.Storage = s.waiting()
	}
	c.worker.mutex.Lock()
	stats.Panics = c.worker.panics
	c.worker.mutex.Unlock()
	c.counts.mutex.Lock()
	defer c.counts.mutex.Unlock()
	own := &c.counts.own
	stats.Recorded, stats.Delivered, stats.Unconfirmed = c.counts.recorded, own.Delivered, own.Unconfirmed
	stats.Requests, stats.Failures = own.Requests, own.Failures
	for _, lost := range own.Lost {
		stats.Lost += lost
	}
	return stats
}

// Losses counts the events that this process lost, by the reasons that occurred.
func (c *Client) Losses() map[string]int64 {
	c.counts.mutex.Lock()
	defer c.counts.mutex.Unlock()
	losses := map[string]int64{}
	for reason, lost := range c.counts.own.Lost {
		losses[reason] = lost
	}
	return losses
}

// Words gives a UUID as two numbers.
func (u UUID) Words() (high, low uint64) {
	return binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
}
