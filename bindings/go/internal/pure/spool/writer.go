package spool

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// maxSegmentBytes: a segment is closed at this size.
const maxSegmentBytes = 1 << 20

// countEvery: counting the bytes of all processes looks at every segment, of which a burst makes many a second.
const countEvery = time.Second

// errFull: a limit is reached.
var errFull = errors.New("the spool is full")

// A writer writes this process's segments.
type writer struct {
	dir       string
	maxEvents int64
	maxBytes  int64
	// events and bytes wait, as far as this process knows: all at opening and after each claim, then its own changes.
	events, bytes int64
	count         system.Every
	// name names the writer; live is locked for as long as it lives.
	name string
	live *os.File
	// next: no segment of this writer has this time or a later one in its name. The name of one that is gone must not be
	// used again: its record may still be there.
	next    int64
	file    *os.File
	segment segmentName
	length  int64
	room    uint64 // how large the kernel lets a file of this process become
}

func newWriter(dir string, maxEvents, maxBytes int) *writer {
	w := &writer{
		dir: dir, maxEvents: int64(maxEvents), maxBytes: int64(maxBytes), count: system.Every{Length: countEvery},
		name: nameWriter(),
	}
	w.events, w.bytes = countWaiting(dir)
	return w
}

// isFull says whether a limit would be passed. It counts anew before it says so: other processes may have delivered.
func (w *writer) isFull(size int64, now time.Time) bool {
	full := func() bool { return w.events >= w.maxEvents || w.bytes+size > w.maxBytes }
	if full() && w.count.IsDue(now) {
		w.events, w.bytes = countWaiting(w.dir)
	}
	return full()
}

// append writes one line, which ends with its line break, by one write(2), whole or not at all.
func (w *writer) append(line []byte, now time.Time) error {
	size := int64(len(line))
	if w.isFull(size, now) {
		return errFull
	}
	if w.file != nil && (w.length >= maxSegmentBytes || uint64(w.length+size) > w.room) {
		w.endSegment()
	}
	begins := w.file == nil
	if begins {
		if err := w.begin(size, now); err != nil {
			return err
		}
	}
	if written, err := w.file.Write(line); err != nil || written < len(line) {
		// Nobody counts a line without its line break, so it can be taken back. If even that fails it must be the last of
		// its file, where it stays one that nobody reads.
		if w.file.Truncate(w.length) != nil {
			path, empty := w.path(), w.length == 0
			w.endSegment()
			if empty {
				_ = system.Remove(path)
			}
		}
		return errors.Join(err, io.ErrShortWrite)
	}
	w.length += size
	w.events++
	w.bytes += size
	if begins && w.count.IsDue(now) {
		w.bytes = waitingBytes(w.dir)
	}
	return nil
}

func (w *writer) begin(size int64, now time.Time) error {
	if err := system.CheckSize(size); err != nil {
		return err
	}
	if w.live == nil {
		live, err := announce(w.dir, w.name)
		if err != nil {
			return err
		}
		w.live = live
	}
	ms := max(now.UnixMilli(), w.next)
	name := nameSegment(ms, w.name)
	file, err := system.OpenNew(name.in(w.dir, segmentEnding), os.O_APPEND)
	if err != nil {
		return err
	}
	w.file, w.segment, w.length, w.next, w.room = file, name, 0, ms+1, system.MaxFileBytes()
	return nil
}

func (w *writer) endSegment() {
	w.file.Close()
	w.file, w.segment = nil, ""
}

// isUnlinked: somebody took away what this process wrote. For each event, so an open file is asked itself.
func (w *writer) isUnlinked() bool {
	if w.file == nil {
		return !system.Exists(w.path())
	}
	return system.IsUnlinked(w.file)
}

// isErased is the same, and looks at names.
func (w *writer) isErased() bool { return w.isUnlinked() || !system.Exists(w.path()) }

// path is that of what this process wrote last.
func (w *writer) path() string {
	switch {
	case w.file != nil:
		return w.segment.in(w.dir, segmentEnding)
	case w.live != nil:
		return filepath.Join(w.dir, w.name+liveEnding)
	}
	return w.dir
}

// announce makes the live file: locked before it has its name, so nobody ever sees it without its lock.
func announce(dir, writer string) (*os.File, error) {
	draft := filepath.Join(dir, "."+writer+".tmp")
	file, err := system.OpenNew(draft, 0)
	if err != nil {
		return nil, err
	}
	taken, err := system.TryLock(file)
	if err == nil && !taken {
		err = errors.New("the live file is locked")
	}
	if err == nil {
		err = system.Rename(draft, filepath.Join(dir, writer+liveEnding))
	}
	if err != nil {
		file.Close()
		os.Remove(draft)
		return nil, err
	}
	return file, nil
}

// isDead: the writer that held this file locked is gone.
func isDead(live string) bool {
	file, err := system.Open(live, os.O_RDONLY)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	defer file.Close()
	taken, err := system.TryLock(file)
	if taken {
		system.Unlock(file)
	}
	return taken && err == nil
}

// retire removes a segment that needs no more delivery, unless somebody may still write to it.
func (w *writer) retire(r *reading) {
	path := r.name.in(w.dir, segmentEnding)
	if r.name == w.segment {
		if w.length == r.end {
			w.endSegment()
			_ = system.Remove(path)
		}
	} else if w.name == r.name.writer() || isDead(filepath.Join(w.dir, r.name.writer()+liveEnding)) {
		if info, err := os.Stat(path); err == nil && info.Size() == r.length {
			_ = system.Remove(path)
		}
	}
}

// end gives up the files of this process. What it wrote stays.
func (w *writer) end() {
	if w.file != nil {
		w.endSegment()
	}
	if w.live != nil {
		os.Remove(w.path())
		w.live.Close()
		w.live = nil
	}
}
