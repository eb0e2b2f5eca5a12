// Package pure is overt without cgo: the consent rules, identity, spool, ledger, counters and delivery of the Rust
// core, in Go and for one wire.
//
// It shares a state directory with processes of the core, at the same time: the same files (docs/files.md), lines that
// are the same byte for byte, the same locks. Tests hold it to that: tables and defaults are compared with the core's
// source, lines and files with the core's own, and the conformance contract is played to it.
//
// An event goes client → spool in the caller's goroutine, and worker → spool (claim) → deliver in another, which ends when
// nothing is left to do. A command goes client → counters, and the counts go out with the worker's pass.
//
// This package says what is recorded, what leaves the machine, and when nothing does. Below it, each to be read by itself:
// identity (UUIDs, the client ID), jsontext (the gate for JSON), spool (events on disk), counters (their file), and system
// (files, locks, operating systems).
package pure

import (
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

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/counters"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/jsontext"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
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
	counts    spool.Counts
	look      system.Every
	// counters are nil unless there is a file for them.
	counters       *counters.Counters
	lookAtCounters system.Every
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
		config: config, variables: ofProcess(), transport: newTransport(config.ConnectTimeout, config.Timeout), look: system.Every{Length: lookEvery},
		lookAtCounters: system.Every{Length: lookEvery},
		to: destination{
			Wire: config.Wire, Endpoint: config.Endpoint, APIKey: config.APIKey, Compression: config.Compression,
			HistoricalMigration: config.HistoricalMigration, ExtraHeaders: append([][2]string{}, config.ExtraHeaders...),
			Ack: "status",
		},
	}
	if len(config.SuperProperties) > 0 {
		super, err := jsontext.CompactObject(config.SuperProperties)
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
		c.counters = counters.New(path, config.AppVersion, c.newID)
	}
	c.worker = worker{
		flushAt: config.FlushAt, flushInterval: config.FlushInterval, pass: c.pass, changed: make(chan struct{}),
	}
	consent := c.decideWithNotice()
	c.look.IsDue(wall())
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
	case system.HasAnothersRights():
		return errors.New("a program with another user's rights keeps nothing")
	}
	return system.CheckPlace(c.root)
}

// reportEvery is how often a process that lives for long looks whether losses are to be reported.
const reportEvery = day

// A session is what a client needs once there is something to record.
type session struct {
	clientID string
	common   common
	spool    *spool.Spool
	report   system.Every
}

// forgetSession: it was erased, and the next event opens another.
func (c *Client) forgetSession() {
	if s := c.session.Swap(nil); s != nil {
		s.spool.Erase()
	}
}

// ClientID gives the client ID, made now if there is none; "" while consent is off.
func (c *Client) ClientID() (string, Status) {
	if !c.Consent().Enabled {
		return "", OK
	}
	if c.counters != nil {
		id, err := c.counters.ID()
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
		if id := identity.Load(c.idPath(), true); id != "" {
			return id
		}
	}
	return identity.Random().String()
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
		id, err = c.counters.ID()
	} else {
		id, err = identity.LoadOrMake(c.idPath(), c.config.ClientIDPath == "")
	}
	if err != nil {
		return nil, err
	}
	s := &session{
		clientID: id, common: commonOf(&c.config, c.super, c.variables), report: system.Every{Length: reportEvery},
		spool: spool.New(spool.Options{
			Dir: c.spoolDir(), MaxEvents: c.config.MaxSpoolEvents, MaxBytes: c.config.MaxSpoolBytes,
			MaxAge: c.config.MaxSpoolAge, MaxMemory: c.config.MaxMemoryEvents, KeepSent: c.config.KeepSent,
			Ready: func() error { return storedOf(&c.config, c.to).keep(c.spoolDir()) }, Say: c.say,
		}, &c.counts, wall()),
	}
	c.session.Store(s)
	return s, nil
}
