package pure

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxCountersBytes is more than the file of maxCounters counters with the longest names.
const maxCountersBytes = 1 << 20

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
	err := checkPlace(filepath.Dir(p.file))
	if err == nil {
		err = makeDirFor(p.file)
	}
	if err != nil {
		return err
	}
	return makePrivateDir(p.dir)
}

// hold takes the right to write; nil if another process or goroutine has it.
func (p place) hold() (*os.File, error) {
	path := filepath.Join(p.dir, "lock")
	lock, err := takeLock(path)
	if lock == nil {
		return nil, err
	}
	ours, err := lock.Stat()
	if named, missing := os.Stat(path); err != nil || missing != nil || !os.SameFile(ours, named) {
		release(lock) // an opt-out removed the file between our opening and our locking it
		return nil, err
	}
	return lock, nil
}

// exists says whether there is anything.
func (p place) exists() bool {
	_, noFile := os.Stat(p.file)
	_, noDir := os.Stat(p.dir)
	return noFile == nil || noDir == nil
}

// isThere says whether there are counters.
func (p place) isThere() bool {
	info, err := os.Stat(p.file)
	return err == nil && info.Mode().IsRegular()
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
	case !info.Mode().IsRegular() || !isTrusted(info):
		return nil, nil, refused("it is another user's, or not a file")
	case info.Size() > maxCountersBytes:
		return nil, info, nil
	}
	file, err := openFile(p.file, os.O_RDONLY|privateFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	content, err = io.ReadAll(io.LimitReader(file, maxCountersBytes))
	return content, info, err
}

// put puts a content in a file's place, whole; like is the file whose mode it gets, or nil. Only for who holds the
// lock: there is one draft.
func (p place) put(target string, content []byte, like fs.FileInfo) error {
	draft := filepath.Join(p.dir, "draft")
	err := checkSize(int64(len(content)))
	if err == nil {
		err = removeIfThere(draft)
	}
	if err != nil {
		return err
	}
	file, err := openFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL|privateFlags, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil && like != nil {
		err = file.Chmod(like.Mode().Perm())
	}
	file.Close()
	if err == nil {
		err = rename(draft, target)
	}
	if err != nil {
		os.Remove(draft)
	}
	return err
}

// erase removes everything that has counts or an ID; lock may be nil.
func (p place) erase(lock *os.File) error {
	err := errors.Join(removeIfThere(p.file), removeIfThere(p.bad()), removeIfThere(p.stamp()))
	if lock != nil && runtime.GOOS == "windows" {
		release(lock) // what is open cannot be removed there
	}
	err = errors.Join(err, removeAll(p.dir))
	if lock != nil && runtime.GOOS != "windows" {
		release(lock)
	}
	return err
}
