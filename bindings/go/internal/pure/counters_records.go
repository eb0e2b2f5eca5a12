package pure

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxRecords: only a process that hangs with the lock can bring that many together.
	maxRecords = 1_000
	// recordGivenUpAfter: a record whose writer has not come to its line break by then has none that lives.
	recordGivenUpAfter = time.Hour
	recordEnding       = ".count"
)

// A record is a command that waits to be entered, because its process found the lock taken: a file of its own with one
// line, `code path`, which counts with its line break. No name is used twice. Records are entered exactly once,
// whenever a process dies: `folding` names them and the content that the file will have with them, and goes when they
// have gone.
type leftRecord struct {
	file, path string
	code       int32
}

func (p place) recordFiles() (names []string) {
	for _, stem := range namesEnding(p.dir, recordEnding) {
		if isRecordName(stem) {
			names = append(names, stem+recordEnding)
		}
	}
	return names
}

func isRecordName(stem string) bool {
	_, err := hex.DecodeString(stem)
	return len(stem) == 32 && err == nil
}

// leaveRecord leaves one. False: too many wait.
func (p place) leaveRecord(path string, code int32) (bool, error) {
	if len(p.recordFiles()) >= maxRecords {
		return false, nil
	}
	line := fmt.Appendf(nil, "%d %s\n", code, path)
	if err := checkSize(int64(len(line))); err != nil {
		return false, err
	}
	id := randomUUID()
	name := filepath.Join(p.dir, hex.EncodeToString(id[:])+recordEnding)
	file, err := openFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|privateFlags, 0o600)
	if err != nil {
		return false, err
	}
	defer file.Close()
	_, err = file.Write(line)
	return err == nil, err
}

// records gives those that wait.
func (p place) records() (all []leftRecord) {
	for _, name := range p.recordFiles() {
		if one, ok := p.readRecord(name); ok {
			all = append(all, one)
		}
	}
	return all
}

// recordsWait says whether there are any.
func (p place) recordsWait() bool {
	return slices.ContainsFunc(p.recordFiles(), func(name string) bool {
		_, ok := p.readRecord(name)
		return ok
	})
}

// readRecord reads one. What is none goes once it is old enough that nobody can be writing it.
func (p place) readRecord(name string) (one leftRecord, ok bool) {
	file := filepath.Join(p.dir, name)
	text, err := readOurs(file)
	line, whole := strings.CutSuffix(string(text), "\n")
	digits, path, _ := strings.Cut(line, " ")
	code, wrong := strconv.ParseInt(digits, 10, 32)
	if err == nil && whole && wrong == nil && utf8.ValidString(path) && isCommand(path) {
		return leftRecord{name, path, int32(code)}, true
	}
	if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > recordGivenUpAfter {
		_ = removeIfThere(file)
	}
	return one, false
}

// beginFolding writes down which records the file holds as soon as it has this content.
func (p place) beginFolding(all []leftRecord, content []byte) error {
	text := uuidOfName(string(content)).String() + "\n"
	for _, one := range all {
		text += one.file + "\n"
	}
	return p.put(p.folding(), []byte(text), nil)
}

// finishFolding removes records that the file holds.
func (p place) finishFolding(names []string) error {
	for _, name := range names {
		if err := removeIfThere(filepath.Join(p.dir, name)); err != nil {
			return err
		}
	}
	return removeIfThere(p.folding())
}

// recoverFolding ends what a process that died had begun. Called with what the file holds, by who holds the lock.
func (p place) recoverFolding(content []byte) error {
	text, err := readOurs(p.folding())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var entered []string
	made, names, _ := strings.Cut(string(text), "\n")
	for name := range strings.Lines(names) {
		name = strings.TrimSpace(name)
		stem, named := strings.CutSuffix(name, recordEnding)
		if named && isRecordName(stem) && made == uuidOfName(string(content)).String() {
			entered = append(entered, name)
		}
	}
	return p.finishFolding(entered)
}
