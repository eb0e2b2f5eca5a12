// Package counters counts a tool's commands in a file that any number of processes count into, exactly.
//
// Who has the lock reads the file, counts, and puts the new content in its place by a rename: a process that is killed
// before has not counted, one that is killed afterwards has. Who does not get the lock waits for nobody: it leaves a
// record, and whoever has the lock looks for such before it goes for good. docs/counters.md describes the files, which
// are the core's, too.
package counters

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

const (
	// maxRounds is how often the holder looks for records that were left meanwhile: some milliseconds of work for
	// others at the most. Then the next run enters them.
	maxRounds = 100
	// How long somebody waits for a holder, who is done in a tenth of a millisecond unless he hangs: an ID that is to
	// be made, for which an event may wait; the worker; an opt-out, before it erases what the holder is at.
	patienceForID   = 50 * time.Millisecond
	patienceToSend  = time.Second
	patienceToErase = 500 * time.Millisecond
	tryForLockEvery = time.Millisecond
	// writableByAny is what a read-only file lacks.
	writableByAny = 0o222
)

var (
	// ErrOff says that consent is off.
	ErrOff = errors.New("consent is off")
	// ErrFull says that there are too many counters, or too many records that nobody enters.
	ErrFull = errors.New("there are too many counters")

	errHeld = errors.New("another process holds the counters")
)

// Counters are those of one tool.
type Counters struct {
	path    string
	version string        // the tool's; empty: what stands there stays
	newID   func() string // for a file that has none
}

// New gives the counters in the file of this path, which need not be there.
func New(path, version string, newID func() string) *Counters { return &Counters{path, version, newID} }

// Count counts a command; when it answers without an error, that is for good. allowed is asked with the lock held, so
// nothing is counted after an opt-out has erased.
func (c *Counters) Count(path string, code int32, allowed func() bool) error {
	p := placeOf(c.path)
	if err := p.make(); err != nil {
		return err
	}
	lock, err := p.hold()
	switch {
	case err != nil:
		return err
	case lock == nil:
		if err = p.leaveRecord(path, code); err != nil {
			return err
		}
	case !allowed():
		if system.Exists(p.file) {
			system.Release(lock)
		} else {
			_ = p.erase(lock) // no trace where nothing was counted
		}
		return ErrOff
	default:
		_, err = c.enter(p, path, code)
		system.Release(lock)
		if err != nil && err != ErrFull {
			return err
		}
	}
	c.lookBehind(p, allowed)
	return err
}

// lookBehind enters what was left as records while this process held the lock. Who left one looked for the lock once
// more after that, and found us: so we look for records once we have let go.
func (c *Counters) lookBehind(p place, allowed func() bool) {
	for range maxRounds {
		if len(p.records()) == 0 {
			return
		}
		lock, err := p.hold()
		if lock == nil || err != nil {
			return // the one who has it looks after that
		}
		if !allowed() {
			system.Release(lock)
			return
		}
		_, _ = c.enter(p, "", 0) // what cannot be entered now the next run enters
		system.Release(lock)
	}
}

// wait takes the lock, at the latest when patience is over.
func (p place) wait(patience time.Duration) (*os.File, error) {
	for end := time.Now().Add(patience); ; time.Sleep(tryForLockEvery) {
		lock, err := p.hold()
		if lock != nil || err != nil {
			return lock, err
		}
		if time.Now().After(end) {
			return nil, errHeld
		}
	}
}

// enter enters a command, "" for none, and all records into the file. Only for who holds the lock. ErrFull: everything but
// the command was.
func (c *Counters) enter(p place, path string, code int32) (Document, error) {
	fail := func(err error) (Document, error) { return Document{}, err }
	before, info, err := p.read()
	if err != nil {
		return fail(err)
	}
	if info != nil && info.Mode().Perm()&writableByAny == 0 {
		return fail(system.Refused("the file is read-only"))
	}
	if err := p.recoverFolding(before); err != nil {
		return fail(err)
	}
	read := readCounters(before)
	if read.newer {
		return fail(errors.New("a later version wrote the file"))
	}
	records := p.records()
	for _, one := range records {
		read.count(one.path, one.code)
	}
	var full error
	if path != "" && !read.count(path, code) {
		full = ErrFull
	}
	read.complete(c.version, runtime.GOOS, c.newID)
	after := read.yaml()
	if len(after) > maxFileBytes {
		return fail(system.ErrTooLarge)
	}
	if !bytes.Equal(after, before) {
		err = p.putAside(before, info, read.damaged)
		if err == nil && len(records) > 0 {
			err = p.beginFolding(records, after)
		}
		if err == nil {
			err = p.put(p.file, after, info)
		}
	}
	if err == nil && len(records) > 0 {
		err = p.finishFolding(records)
	}
	if err != nil {
		return fail(err)
	}
	return read.Document, full
}

// putAside keeps a content of which not everything can be kept in the file.
func (p place) putAside(content []byte, info fs.FileInfo, damaged bool) error {
	switch {
	case info != nil && content == nil:
		return system.Rename(p.file, p.bad()) // too large to be read
	case info != nil && damaged:
		return p.put(p.bad(), content, info)
	}
	return nil
}

// ID gives the client ID that the file has, made now if it has none.
func (c *Counters) ID() (string, error) {
	if found, _ := c.Document(); found.id != "" {
		return found.id, nil
	}
	p := placeOf(c.path)
	if err := p.make(); err != nil {
		return "", err
	}
	lock, err := p.wait(patienceForID)
	if err != nil {
		return "", err
	}
	made, err := c.enter(p, "", 0)
	system.Release(lock)
	c.lookBehind(p, func() bool { return true })
	return made.id, err
}

// Document gives what the file holds; false if there is none that can be read.
func (c *Counters) Document() (Document, bool) {
	content, _, err := placeOf(c.path).read()
	if err != nil || content == nil {
		return Document{}, false
	}
	return readCounters(content).Document, true
}

// Erase removes the counts, the ID, and everything else beside them.
func (c *Counters) Erase() error {
	p := placeOf(c.path)
	if !system.Exists(p.file) && !system.Exists(p.dir) {
		return nil
	}
	// One who hangs with the lock has his draft in the directory that goes.
	lock, _ := p.wait(patienceToErase)
	return p.erase(lock)
}
