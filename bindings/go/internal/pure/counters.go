package pure

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"
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

var errHeld = errors.New("another process holds the counters")

// counters are those of one tool: a file that any number of processes count into, exactly.
//
// Who has the lock reads the file, counts, and puts the new content in its place by a rename: a process that is killed
// before has not counted, one that is killed afterwards has. Who does not get the lock waits for nobody: it leaves a
// record, and whoever has the lock looks for such before it goes for good.
type counters struct {
	path    string
	version string        // the tool's; empty: what stands there stays
	newID   func() string // for a file that has none
}

// count counts a command; when it answers OK, that is for good. allowed is asked with the lock held, so nothing is
// counted after an opt-out has erased.
func (c *counters) count(path string, code int32, allowed func() bool) (Status, error) {
	p := placeOf(c.path)
	if err := p.make(); err != nil {
		return Storage, err
	}
	lock, err := p.hold()
	status := OK
	switch {
	case err != nil:
		return Storage, err
	case lock == nil:
		if left, err := p.leaveRecord(path, code); err != nil {
			return Storage, err
		} else if !left {
			return Dropped, nil
		}
	case !allowed():
		if p.isThere() {
			release(lock)
		} else {
			_ = p.erase(lock) // no trace where nothing was counted
		}
		return Disabled, nil
	default:
		var counted bool
		_, counted, err = c.enter(p, path, code)
		release(lock)
		if err != nil {
			return Storage, err
		}
		if !counted {
			status = Dropped
		}
	}
	c.lookBehind(p, allowed)
	return status, nil
}

// lookBehind enters what was left as records while this process held the lock. Who left one looked for the lock once
// more after that, and found us: so we look for records once we have let go.
func (c *counters) lookBehind(p place, allowed func() bool) {
	for range maxRounds {
		if !p.recordsWait() {
			return
		}
		lock, err := p.hold()
		if lock == nil || err != nil {
			return // the one who has it looks after that
		}
		if !allowed() {
			release(lock)
			return
		}
		_, _, _ = c.enter(p, "", 0) // what cannot be entered now the next run enters
		release(lock)
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

// enter enters a command, "" for none, and all records into the file. Only for who holds the lock. Not counted: it
// would be one counter too many.
func (c *counters) enter(p place, path string, code int32) (document, bool, error) {
	fail := func(err error) (document, bool, error) { return document{}, false, err }
	before, info, err := p.read()
	if err != nil {
		return fail(err)
	}
	if info != nil && info.Mode().Perm()&writableByAny == 0 {
		return fail(refused("the file is read-only"))
	}
	if err := p.recoverFolding(before); err != nil {
		return fail(err)
	}
	read := readCounters(before)
	if read.newer {
		return fail(errors.New("a later version wrote the file"))
	}
	records, entered := p.records(), []string(nil)
	for _, one := range records {
		read.count(one.path, one.code)
		entered = append(entered, one.file)
	}
	counted := path == "" || read.count(path, code)
	read.complete(c.version, runtime.GOOS, c.newID)
	after := read.yaml()
	if len(after) > maxCountersBytes {
		return fail(errTooLarge)
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
		err = p.finishFolding(entered)
	}
	return read.document, counted, err
}

// putAside keeps a content of which not everything can be kept in the file.
func (p place) putAside(content []byte, info fs.FileInfo, damaged bool) error {
	switch {
	case info != nil && content == nil:
		return rename(p.file, p.bad()) // too large to be read
	case info != nil && damaged:
		return p.put(p.bad(), content, info)
	}
	return nil
}

// id gives the client ID that the file has, made now if it has none.
func (c *counters) id() (string, error) {
	if id := c.storedID(); id != "" {
		return id, nil
	}
	p := placeOf(c.path)
	if err := p.make(); err != nil {
		return "", err
	}
	lock, err := p.wait(patienceForID)
	if err != nil {
		return "", err
	}
	document, _, err := c.enter(p, "", 0)
	release(lock)
	c.lookBehind(p, func() bool { return true })
	return document.id, err
}

// storedID gives the client ID that the file has, or "".
func (c *counters) storedID() string {
	document, _ := c.document()
	return document.id
}

// document gives what the file holds; false if there is none that can be read.
func (c *counters) document() (document, bool) {
	content, _, err := placeOf(c.path).read()
	if err != nil || content == nil {
		return document{}, false
	}
	return readCounters(content).document, true
}

// erase removes the counts, the ID, and everything else beside them.
func (c *counters) erase() error {
	p := placeOf(c.path)
	if !p.exists() {
		return nil
	}
	// One who hangs with the lock has his draft in the directory that goes.
	lock, _ := p.wait(patienceToErase)
	return p.erase(lock)
}
