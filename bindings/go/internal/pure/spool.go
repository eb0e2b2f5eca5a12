package pure

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// maxSegmentBytes: a segment is closed at this size.
const maxSegmentBytes = 1 << 20

// countEvery: counting the bytes of all processes looks at every segment, of which a burst makes many a second.
const countEvery = time.Second

// errFull: a limit is reached.
var errFull = errors.New("the spool is full")

// A spool holds events on disk, one JSON line each, shared by every process of one user that sends to one destination.
// docs/files.md describes its files. The writing side is here; claim.go delivers.
type spool struct {
	dir       string
	maxEvents int64
	maxBytes  int64
	maxAge    time.Duration

	mutex sync.Mutex
	// events and bytes wait, as far as this process knows: all at opening, then its own changes.
	events, bytes int64
	count         every
	// writer names this process's segments; live is locked for as long as it lives.
	writer string
	live   *os.File
	// next: no segment of this writer has this time or a later one in its name. The name of one that is gone must not be
	// used again: its record may still be there.
	next    int64
	segment *os.File
	name    segmentName
	length  int64
	room    uint64 // how large the kernel lets a file of this process become
}

func openSpool(dir string, config *Config) (*spool, error) {
	if err := makePrivateDir(dir); err != nil {
		return nil, err
	}
	s := &spool{
		dir: dir, maxEvents: int64(config.MaxSpoolEvents), maxBytes: int64(config.MaxSpoolBytes), maxAge: config.MaxSpoolAge,
		bytes: waitingBytes(dir), count: every{length: countEvery}, writer: newWriter(),
	}
	for _, name := range segments(dir, segmentEnding) {
		s.events += int64(len(waiting(dir, name)))
	}
	return s, nil
}

func (s *spool) path(name segmentName, ending string) string {
	return filepath.Join(s.dir, string(name)+ending)
}

// append writes one line, which ends with its line break, by one write(2), whole or not at all.
func (s *spool) append(line []byte, now time.Time) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	size := int64(len(line))
	if s.events >= s.maxEvents || s.bytes+size > s.maxBytes {
		return errFull
	}
	if s.segment != nil && (s.length >= maxSegmentBytes || uint64(s.length+size) > s.room) {
		s.endSegment()
	}
	begins := s.segment == nil
	if begins {
		if err := s.begin(size, now); err != nil {
			return err
		}
	}
	if written, err := s.segment.Write(line); err != nil || written < len(line) {
		if err == nil {
			err = io.ErrShortWrite
		}
		// Nobody counts a line without its line break, so it can be taken back. If even that fails it must be the last of
		// its file, where it stays one that nobody reads.
		if s.segment.Truncate(s.length) != nil {
			torn, empty := s.name, s.length == 0
			s.endSegment()
			if empty {
				_ = removeIfThere(s.path(torn, segmentEnding))
			}
		}
		return err
	}
	s.length += size
	s.events++
	s.bytes += size
	if begins && s.count.isDue(now) {
		s.bytes = waitingBytes(s.dir)
	}
	return nil
}

func (s *spool) begin(size int64, now time.Time) error {
	if err := checkSize(size); err != nil {
		return err
	}
	if s.live == nil {
		live, err := announce(s.dir, s.writer)
		if err != nil {
			return err
		}
		s.live = live
	}
	ms := max(now.UnixMilli(), s.next)
	name := nameSegment(ms, s.writer)
	file, err := openFile(s.path(name, segmentEnding), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL|privateFlags, 0o600)
	if err != nil {
		return err
	}
	s.segment, s.name, s.length, s.next, s.room = file, name, 0, ms+1, maxFileBytes()
	return nil
}

func (s *spool) endSegment() {
	s.segment.Close()
	s.segment, s.name = nil, ""
}

// announce makes the live file: locked before it has its name, so nobody ever sees it without its lock.
func announce(dir, writer string) (*os.File, error) {
	draft := filepath.Join(dir, "."+writer+".tmp")
	file, err := openFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL|privateFlags, 0o600)
	if err != nil {
		return nil, err
	}
	taken, err := tryLock(file)
	if err == nil && !taken {
		err = errors.New("the live file is locked")
	}
	if err == nil {
		err = rename(draft, filepath.Join(dir, writer+liveEnding))
	}
	if err != nil {
		file.Close()
		os.Remove(draft)
		return nil, err
	}
	return file, nil
}

// isErased: somebody took away what this process wrote, another one that was told to switch off.
func (s *spool) isErased() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	path := s.dir
	if s.segment != nil {
		if isUnlinked(s.segment) {
			return true
		}
		path = s.path(s.name, segmentEnding)
	} else if s.live != nil {
		path = filepath.Join(s.dir, s.writer+liveEnding)
	}
	_, err := os.Stat(path)
	return err != nil
}

// isUnlinked is isErased for each event: the open file itself says that it is gone.
func (s *spool) isUnlinked() bool {
	s.mutex.Lock()
	file := s.segment
	s.mutex.Unlock()
	if file == nil {
		return s.isErased()
	}
	return isUnlinked(file)
}

// end gives up the files of this process. What it wrote stays.
func (s *spool) end() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.segment != nil {
		s.endSegment()
	}
	if s.live != nil {
		os.Remove(filepath.Join(s.dir, s.writer+liveEnding))
		s.live.Close()
		s.live = nil
	}
}

func (s *spool) waiting() int64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.events
}

func (s *spool) settled(events, bytes int64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.events, s.bytes = max(s.events-events, 0), max(s.bytes-bytes, 0)
}

// retire removes a segment that needs no more delivery, unless somebody may still write to it.
func (s *spool) retire(r *reading) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch path := s.path(r.name, segmentEnding); {
	case s.segment != nil && s.name == r.name:
		if s.length == r.end {
			s.endSegment()
			_ = removeIfThere(path)
		}
	case s.writer == r.name.writer() || isDead(filepath.Join(s.dir, r.name.writer()+liveEnding)):
		if info, err := os.Stat(path); err == nil && info.Size() == r.length {
			_ = removeIfThere(path)
		}
	}
}

// isDead: the writer that held this file locked is gone.
func isDead(live string) bool {
	file, err := openOurs(live, os.O_RDONLY)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	defer file.Close()
	taken, err := tryLock(file)
	if taken {
		unlock(file)
	}
	return taken && err == nil
}

// pendingLines gives what waits, damaged lines among it, oldest segment first.
func pendingLines(dir string) (lines []string) {
	for _, name := range segments(dir, segmentEnding) {
		for _, line := range waiting(dir, name) {
			lines = append(lines, strings.ToValidUTF8(string(line.text), "\uFFFD"))
		}
	}
	return lines
}

// every is something that is done once in so long at the most, whoever comes by; a clock that was set back is reason
// enough. It is due at the first look.
type every struct {
	length time.Duration
	mutex  sync.Mutex
	last   time.Time
}

func (e *every) isDue(now time.Time) bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	due := now.Sub(e.last).Abs() >= e.length
	if due {
		e.last = now
	}
	return due
}
