package counters

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
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
type record struct {
	file, path string
	code       int32
}

func (p place) recordFiles() (names []string) {
	for _, stem := range system.NamesEnding(p.dir, recordEnding) {
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

// leaveRecord leaves one. ErrFull: too many wait.
func (p place) leaveRecord(path string, code int32) error {
	if len(p.recordFiles()) >= maxRecords {
		return ErrFull
	}
	line := fmt.Appendf(nil, "%d %s\n", code, path)
	if err := system.CheckSize(int64(len(line))); err != nil {
		return err
	}
	id := identity.Random()
	file, err := system.OpenNew(filepath.Join(p.dir, hex.EncodeToString(id[:])+recordEnding), 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(line)
	return err
}

// records gives those that wait.
func (p place) records() (all []record) {
	for _, name := range p.recordFiles() {
		if one, ok := p.readRecord(name); ok {
			all = append(all, one)
		}
	}
	return all
}

// readRecord reads one. What is none goes once it is old enough that nobody can be writing it.
func (p place) readRecord(name string) (one record, ok bool) {
	file := filepath.Join(p.dir, name)
	text, err := system.Read(file)
	line, whole := strings.CutSuffix(string(text), "\n")
	digits, path, _ := strings.Cut(line, " ")
	code, wrong := strconv.ParseInt(digits, 10, 32)
	if err == nil && whole && wrong == nil && utf8.ValidString(path) && IsCommand(path) {
		return record{name, path, int32(code)}, true
	}
	if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > recordGivenUpAfter {
		_ = system.Remove(file)
	}
	return one, false
}

// beginFolding writes down which records the file holds as soon as it has this content.
func (p place) beginFolding(all []record, content []byte) error {
	text := identity.OfName(string(content)).String() + "\n"
	for _, one := range all {
		text += one.file + "\n"
	}
	return p.put(p.folding(), []byte(text), nil)
}

// finishFolding removes records that the file holds.
func (p place) finishFolding(all []record) error {
	for _, one := range all {
		if err := system.Remove(filepath.Join(p.dir, one.file)); err != nil {
			return err
		}
	}
	return system.Remove(p.folding())
}

// recoverFolding ends what a process that died had begun. Called with what the file holds, by who holds the lock.
func (p place) recoverFolding(content []byte) error {
	text, err := system.Read(p.folding())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var entered []record
	made, names, _ := strings.Cut(string(text), "\n")
	for _, name := range strings.Fields(names) {
		stem, named := strings.CutSuffix(name, recordEnding)
		if named && isRecordName(stem) && made == identity.OfName(string(content)).String() {
			entered = append(entered, record{file: name})
		}
	}
	return p.finishFolding(entered)
}
