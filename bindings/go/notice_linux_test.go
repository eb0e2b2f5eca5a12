package overt_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func init() {
	children["with a notice"] = func(dir string) {
		client, err := overt.New(overt.Config{
			App: "scenario", APIKey: "phc_test", Endpoint: "http://127.0.0.1:9", StateDir: dir, Notice: "\nthis tool says …\n",
			Background: overt.Bool(false),
		})
		fmt.Println(client.Consent(), err)
	}
}

func init() {
	children["with a notice and no key"] = func(counters string) {
		client, err := overt.New(overt.Config{
			App: "scenario", StateDir: os.Getenv("OVERT_TEST_STATE"), Notice: "this tool says …", NoticeAnywhere: true,
			CountersPath: counters, Background: overt.Bool(false),
		})
		fmt.Println(client.NoticeShown(), client.RecordCommand("pace", 0), err)
	}
}

func TestANoticeIsShownOnlyWhereSomethingCanBeRecorded(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct{ counters, said, shown string }{
		{"", "false overt: telemetry is off <nil>\n", ""},
		{dir + "/telemetry.yaml", "true overt: ok <nil>\n", "this tool says …\n"},
	} {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "OVERT_TEST_CHILD=with a notice and no key", "OVERT_TEST_ARGUMENT="+row.counters,
			"OVERT_TEST_STATE="+dir+"/state")
		var shown bytes.Buffer
		child.Stderr = &shown
		said, err := child.Output()
		equal(t, "error", err, nil)
		equal(t, "said", string(said), row.said)
		equal(t, "shown", shown.String(), row.shown)
	}
}

// terminal opens a pseudo-terminal.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	var locked, number int32
	for request, argument := range map[uintptr]*int32{syscall.TIOCSPTLCK: &locked, syscall.TIOCGPTN: &number} {
		if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, ours.Fd(), request, uintptr(unsafe.Pointer(argument))); err != 0 {
			t.Fatal(err)
		}
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals: %v", err)
	}
	return ours, theirs
}

func TestANoticeIsShownOnceAndOnATerminalOnly(t *testing.T) {
	dir := t.TempDir()
	unseen, seen := fmt.Sprintln(overt.Consent{Reason: overt.ReasonNoNotice}, nil), fmt.Sprintln(overt.Consent{Enabled: true, Reason: overt.ReasonDefault}, nil)
	run := func(stderr io.Writer) string {
		t.Helper()
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "OVERT_TEST_CHILD=with a notice", "OVERT_TEST_ARGUMENT="+dir)
		child.Stderr = stderr
		said, err := child.Output()
		equal(t, "error", err, nil)
		return string(said)
	}
	var piped bytes.Buffer
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "into a pipe", run(&piped), unseen)
	equal(t, "into nothing", run(null), unseen)
	equal(t, "shown", piped.String(), "")
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("there is %v", left)
	}

	ours, theirs := terminal(t)
	equal(t, "on a terminal", run(theirs), seen)
	equal(t, "once more", run(theirs), seen)
	equal(t, "without one", run(&piped), seen)
	theirs.Close()
	shown, _ := io.ReadAll(ours) // ends with an error, since nobody holds the other end
	equal(t, "shown", strings.ReplaceAll(string(shown), "\r\n", "\n"), "this tool says …\n")
}
