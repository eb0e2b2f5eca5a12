// Package spool keeps events until they are delivered: on disk, where all processes of one user and one destination share
// them, and in memory for as long as the disk refuses.
//
// What [Spool.Append] took survives the death of the process, unless it waits in memory. docs/files.md describes the files;
// they are the core's, and its processes use them at the same time. A Spool can be used by many goroutines.
package spool

import (
	"errors"
	"sync"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// Options say where a spool is, and what it may become.
type Options struct {
	Dir       string
	MaxEvents int
	MaxBytes  int
	MaxAge    time.Duration
	MaxMemory int // events
	KeepSent  bool
	// Ready makes the directory, and stores there what a later process must know to deliver.
	Ready func() error
	// Say tells a developer what goes wrong.
	Say func(form string, args ...any)
}

// tryEvery is how often a spool that cannot be opened is tried again.
const tryEvery = time.Second

// A Spool is that of one client.
type Spool struct {
	Options
	counts *Counts

	mutex   sync.Mutex
	try     system.Every
	disk    *writer  // nil for as long as it cannot be opened
	memory  [][]byte // lines without line breaks; nil: needs no more delivery
	claimed int      // so many of them are being sent
	erased  bool
}

// New opens a spool, or has events wait in memory until it can be opened.
func New(options Options, counts *Counts, now time.Time) *Spool {
	s := &Spool{Options: options, counts: counts, try: system.Every{Length: tryEvery}}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.open(now)
	return s
}

// open says whether there is a place on disk, made now if that failed before.
func (s *Spool) open(now time.Time) bool {
	if s.disk == nil && s.try.IsDue(now) {
		if err := s.Ready(); err != nil {
			s.Say("events wait in memory: %v", err)
		} else {
			s.disk = newWriter(s.Dir, s.MaxEvents, s.MaxBytes)
		}
	}
	return s.disk != nil
}

// Erased is what Append says after Erase: there is another spool now.
const Erased = "erased"

// Append keeps a line, which ends with its line break, or says why it is lost.
func (s *Spool) Append(line []byte, now time.Time) (loss string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.erased {
		return Erased
	}
	if loss = s.append(line, now); loss == "" {
		s.counts.record()
	} else {
		s.counts.Book(loss, 1)
	}
	return loss
}

func (s *Spool) append(line []byte, now time.Time) (loss string) {
	if s.open(now) {
		err := s.disk.append(line, now)
		switch {
		case err == nil:
			s.leaveMemory(now)
			return ""
		case errors.Is(err, errFull):
			return "spool_full"
		}
		s.Say("the spool cannot be written: %v", err)
	}
	if len(s.memory) >= s.MaxMemory {
		return "memory_full"
	}
	s.memory = append(s.memory, line[:len(line)-1:len(line)])
	return ""
}

// leaveMemory brings what waits in memory, and is not being sent, to disk, if the disk takes it now. While something is
// being sent, a line keeps its place: a claim knows it by that.
func (s *Spool) leaveMemory(now time.Time) {
	for i := s.claimed; s.disk != nil && i < len(s.memory); i++ {
		if s.memory[i] != nil && s.disk.append(append(s.memory[i], '\n'), now) != nil {
			break
		}
		s.memory[i] = nil
	}
	if s.claimed == 0 {
		s.memory = s.inMemory()
	}
}

func (s *Spool) inMemory() (lines [][]byte) {
	for _, line := range s.memory {
		if line != nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// Clear forgets what waits in memory.
func (s *Spool) Clear() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.memory)
}

// IsErased says whether somebody took away what this process wrote, such as another one that was told to switch off.
func (s *Spool) IsErased() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.disk != nil && s.disk.isErased()
}

// IsUnlinked is IsErased for each event: the open file itself says that it is gone.
func (s *Spool) IsUnlinked() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.disk != nil && s.disk.isUnlinked()
}

// IsOnDisk says whether there is a place on disk.
func (s *Spool) IsOnDisk() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.disk != nil
}

// Waiting says how many events wait, and where.
func (s *Spool) Waiting() (events int64, storage string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	events, storage = int64(len(s.inMemory())), "memory"
	if s.disk != nil {
		if events == 0 {
			storage = "disk"
		}
		events += s.disk.events
	}
	return events, storage
}

// Pending gives the events that wait in this process's memory.
func (s *Spool) Pending() (lines []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, line := range s.inMemory() {
		lines = append(lines, string(line))
	}
	return lines
}

// Leave leaves on disk what would end with the process.
func (s *Spool) Leave(now time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.inMemory()) > 0 {
		s.try.DoSoon()
		s.open(now)
		s.leaveMemory(now)
	}
	if s.disk != nil {
		s.counts.leave(s.Dir, now)
	}
}

// Erase forgets what waits in memory and ends the spool: nothing more is recorded or sent here, not even what is being sent.
// Removing the files is the caller's.
func (s *Spool) Erase() {
	s.mutex.Lock()
	s.erased = true
	clear(s.memory)
	s.mutex.Unlock()
	s.Free()
}

// Free gives up the files of this process. What it wrote there stays.
func (s *Spool) Free() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.disk != nil {
		s.disk.end()
	}
}
