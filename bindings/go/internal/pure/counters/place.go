package counters

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// maxFileBytes is more than the file of maxPoints counters with the longest names.
const maxFileBytes = 1 << 20

// A place is where the counters' file lies; docs/counters.md says what lies beside it. A directory of its own, whose
// name is the file's and .overt, holds the lock, the draft of whatever is about to take a file's place, records, and
// what was reported.
type place struct {
	file string // what a symbolic link points to
	dir  string
}

// placeOf gives the place of a file, which may be a link to one.
func placeOf(path string) place {
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		file = path
		if target, err := os.Readlink(path); err == nil { // a link to what is not there yet
			if file = target; !filepath.IsAbs(target) {
				file = filepath.Join(filepath.Dir(path), target)
			}
		}
	}
	return place{file: file, dir: file + ".overt"}
}

func (p place) bad() string      { return p.file + ".bad" }
func (p place) folding() string  { return filepath.Join(p.dir, "folding") }
func (p place) reported() string { return filepath.Join(p.dir, "reported.json") }
func (p place) stamp() string {
	name := filepath.Base(p.file)
	if bare := strings.TrimSuffix(name, filepath.Ext(name)); bare != "" {
		name = bare
	}
	return filepath.Join(filepath.Dir(p.file), name+"-last-upload-timestamp")
}

// make makes the directories, if this is a place that nobody else can change. The tool's own directory keeps its mode.
func (p place) make() error {
	err := system.CheckPlace(filepath.Dir(p.file))
	if err == nil {
		err = system.MakeDir(filepath.Dir(p.file))
	}
	if err != nil {
		return err
	}
	return system.MakePrivateDir(p.dir)
}

// hold takes the right to write; nil if another process or goroutine has it.
func (p place) hold() (*os.File, error) {
	path := filepath.Join(p.dir, "lock")
	lock, err := system.TakeLock(path)
	if lock == nil {
		return nil, err
	}
	if !system.HasName(lock, path) {
		system.Release(lock) // an opt-out removed the file between our opening and our locking it
		return nil, nil
	}
	return lock, nil
}

// read gives the file's content, nil if it is larger than any file of counters, and its mode; no info if there is no
// file. One that we may not replace is an error.
func (p place) read() (content []byte, info fs.FileInfo, err error) {
	info, err = os.Stat(p.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular() || !system.IsTrusted(info):
		return nil, nil, system.Refused("it is another user's, or not a file")
	case info.Size() > maxFileBytes:
		return nil, info, nil
	}
	content, err = system.ReadAnyones(p.file)
	return content, info, err
}

// put puts a content in a file's place, whole; like is the file whose mode it gets, or nil. Only for who holds the
// lock: there is one draft.
func (p place) put(target string, content []byte, like fs.FileInfo) error {
	draft, mode := filepath.Join(p.dir, "draft"), fs.FileMode(0o600)
	if like != nil {
		mode = like.Mode().Perm()
	}
	if err := system.Remove(draft); err != nil {
		return err
	}
	return system.ReplaceBy(draft, target, content, mode)
}

// erase removes everything that has counts or an ID; lock may be nil.
func (p place) erase(lock *os.File) error {
	err := errors.Join(system.Remove(p.file), system.Remove(p.bad()), system.Remove(p.stamp()))
	if lock != nil && runtime.GOOS == "windows" {
		system.Release(lock) // what is open cannot be removed there
	}
	err = errors.Join(err, system.RemoveAll(p.dir))
	if lock != nil && runtime.GOOS != "windows" {
		system.Release(lock)
	}
	return err
}
