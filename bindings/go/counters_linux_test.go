package overt_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

// The rules of docs/counters.md, of whichever back end this is built with.

const paceFile = `metric_points:
    pace version:
        0:
            cumulative_count: 7
cli_version: v1.15.0
operating_system: darwin
id: 36be4c46-4e1b-431d-b9db-1b315f537a85
schema: 1
`

const paceID = "36be4c46-4e1b-431d-b9db-1b315f537a85"

// counting is a tool whose file has this content, or none; it sends nothing.
func counting(t *testing.T, content string) overt.Config {
	t.Helper()
	config := overt.Config{
		App: "scenario", AppVersion: "v1.16.0", StateDir: t.TempDir(), InCI: true, Background: overt.Bool(false),
		CountersPath: filepath.Join(t.TempDir(), "config", "telemetry.yaml"), CountersInterval: overt.Duration(-1),
	}
	if content != "" {
		put(t, config.CountersPath, content)
	}
	return config
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// namesIn gives the files below a directory, in one line.
func namesIn(t *testing.T, dir string) string {
	t.Helper()
	all := files(t, dir)
	for i, file := range all {
		all[i], _ = filepath.Rel(dir, file)
	}
	return strings.Join(all, " ")
}

// nameBased is the UUID of a text: FNV-1a of 128 bits, as version 8.
func nameBased(text string) string {
	hash := fnv.New128a()
	hash.Write([]byte(text))
	sum := hash.Sum(nil)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	all := hex.EncodeToString(sum)
	return strings.Join([]string{all[:8], all[8:12], all[12:16], all[16:20], all[20:]}, "-")
}

// hang takes the lock of the counters, as a process has it that was stopped.
func hang(t *testing.T, config overt.Config) *os.File {
	t.Helper()
	put(t, config.CountersPath+".overt/lock", "")
	lock, err := os.OpenFile(config.CountersPath+".overt/lock", os.O_RDWR, 0)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	return lock
}

func TestTheIDOfTheCountersIsThatOfEvents(t *testing.T) {
	config := counting(t, paceFile)
	config.APIKey, config.Endpoint = "phc_test", "http://127.0.0.1:9"
	client := open(t, config)
	id, err := client.ClientID()
	equal(t, "ID", id, paceID)
	equal(t, "error", err, nil)
	record(t, client, "run", nil)
	equal(t, "distinct ID", strings.Contains(client.Pending()[0], `"distinct_id":"`+paceID+`"`), true)
	equal(t, "the file", content(t, config.CountersPath), paceFile) // nothing was counted

	// An installation that had an ID before it had counters keeps it.
	config = counting(t, "")
	before := config
	before.CountersPath, before.APIKey, before.Endpoint = "", "phc_test", "http://127.0.0.1:9"
	id, _ = open(t, before).ClientID()
	now, _ := open(t, config).ClientID()
	equal(t, "ID", now, id)
	equal(t, "an ID", len(id), 36)
	config.ClientIDPath = "id"
	_, err = overt.New(config)
	equal(t, "two IDs", fmt.Sprint(err), "overt: client_id_path: with counters_path the client ID is in that file")
}

func TestOffAndResetTakeTheCountsAndAllBesideThem(t *testing.T) {
	config := counting(t, paceFile+"unknown: 1\n")
	dir := filepath.Dir(config.CountersPath)
	put(t, filepath.Join(dir, "telemetry-last-upload-timestamp"), "1795198236")
	put(t, filepath.Join(dir, "config.yaml"), "the tool's")
	client := open(t, config)
	equal(t, "counted", client.RecordCommand("pace version", 0), overt.OK)
	equal(t, "files", namesIn(t, dir), "config.yaml telemetry-last-upload-timestamp telemetry.yaml telemetry.yaml.bad "+
		"telemetry.yaml.overt/lock")
	other := open(t, config)
	client.SetConsent(false)
	equal(t, "files", namesIn(t, dir), "config.yaml")
	equal(t, "off elsewhere", other.RecordCommand("pace version", 0), overt.Disabled)
	equal(t, "files", namesIn(t, dir), "config.yaml")
	client.SetConsent(true)
	equal(t, "counted", client.RecordCommand("pace version", 0), overt.OK)
	id, err := client.ResetClientID()
	equal(t, "a new ID", err == nil && id != paceID && len(id) == 36, true)
	equal(t, "counts", strings.Contains(client.Counters(), `"metric_points":{}`), true)

	// One who hangs with the lock does not hold it up.
	put(t, config.CountersPath, paceFile)
	hang(t, config)
	equal(t, "left as a record", client.RecordCommand("pace version", 0), overt.OK)
	client.SetConsent(false)
	equal(t, "files", namesIn(t, dir), "config.yaml")
}

func TestWhatIsCountedWhileAnotherHangsIsEnteredByTheNext(t *testing.T) {
	config := counting(t, paceFile)
	lock := hang(t, config)
	client := open(t, config)
	said := map[overt.Status]int{}
	for range 1_100 {
		said[client.RecordCommand("pace version", 0)]++
	}
	equal(t, "said", fmt.Sprint(said), fmt.Sprint(map[overt.Status]int{overt.OK: 1_000, overt.Dropped: 100}))
	equal(t, "the file", content(t, config.CountersPath), paceFile)
	os.Remove(config.CountersPath)
	_, err := client.ClientID()
	equal(t, "none can be made", err, error(overt.Storage))
	put(t, config.CountersPath, paceFile)
	lock.Close()
	equal(t, "counted", client.RecordCommand("pace version", 0), overt.OK)
	equal(t, "all", strings.Contains(content(t, config.CountersPath), "cumulative_count: 1008\n"), true)
	equal(t, "files", namesIn(t, filepath.Dir(config.CountersPath)), "telemetry.yaml telemetry.yaml.overt/lock")
}

func TestARecordIsEnteredOnceWheneverItsHolderDies(t *testing.T) {
	config := counting(t, paceFile)
	beside := config.CountersPath + ".overt/"
	one, two, odd := strings.Repeat("1", 32)+".count", strings.Repeat("2", 32)+".count", strings.Repeat("3", 32)+".count"
	client := open(t, config)
	// Two were entered, and their holder died before it could remove them; a third one was left since.
	equal(t, "counted", client.RecordCommand("pace version", 0), overt.OK)
	put(t, beside+one, "0 pace version\n")
	put(t, beside+odd, "0 pace version")
	old := time.Now().Add(-2 * time.Hour)
	os.Chtimes(beside+odd, old, old)
	equal(t, "counted", client.RecordCommand("pace list", 0), overt.OK)
	equal(t, "entered", strings.Contains(content(t, config.CountersPath), "cumulative_count: 9\n"), true)
	put(t, beside+one, "0 pace version\n")
	put(t, beside+two, "0 pace version\n")
	put(t, filepath.Join(beside, "../tool.count"), "0 pace version\n") // the tool's own, whatever a file of ours says
	put(t, beside+"folding", nameBased(content(t, config.CountersPath))+"\n"+one+"\n../tool.count\n")
	equal(t, "counted", client.RecordCommand("pace list", 0), overt.OK)
	equal(t, "once", strings.Contains(content(t, config.CountersPath), "cumulative_count: 10\n"), true)
	// Their holder died before the file had them.
	put(t, beside+one, "0 pace version\n")
	put(t, beside+"folding", nameBased("other")+"\n"+one+"\n")
	equal(t, "counted", client.RecordCommand("pace list", 0), overt.OK)
	equal(t, "once", strings.Contains(content(t, config.CountersPath), "cumulative_count: 11\n"), true)
	equal(t, "files", namesIn(t, filepath.Dir(config.CountersPath)), "telemetry.yaml telemetry.yaml.overt/lock tool.count")
}

func TestWhatIsNotOursToReplaceIsLeftAlone(t *testing.T) {
	for what, spoil := range map[string]func(path string) error{
		"read-only":       func(path string) error { return os.Chmod(path, 0o444) },
		"everybody's":     func(path string) error { return os.Chmod(filepath.Dir(path), 0o777) },
		"a later version": func(path string) error { return os.WriteFile(path, []byte(paceFile[:len(paceFile)-2]+"2\n"), 0o600) },
		"a directory": func(path string) error {
			os.Remove(path)
			return os.Mkdir(path, 0o700)
		},
	} {
		config := counting(t, paceFile)
		if err := spoil(config.CountersPath); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(config.CountersPath)
		client := open(t, config)
		equal(t, what, client.RecordCommand("pace", 0), overt.Storage)
		after, _ := os.ReadFile(config.CountersPath)
		equal(t, what, string(after), string(before))
	}
}

func TestModeAndLinkStayAsTheyAre(t *testing.T) {
	config := counting(t, "")
	kept := filepath.Join(t.TempDir(), "pace.yaml")
	put(t, kept, paceFile)
	os.Chmod(kept, 0o644)
	os.Mkdir(filepath.Dir(config.CountersPath), 0o700)
	relative, _ := filepath.Rel(filepath.Dir(config.CountersPath), kept)
	if err := os.Symlink(relative, config.CountersPath); err != nil {
		t.Fatal(err)
	}
	client := open(t, config)
	for _, mode := range []os.FileMode{0o644, 0o600} {
		equal(t, "counted", client.RecordCommand("pace", 0), overt.OK)
		link, err := os.Readlink(config.CountersPath)
		equal(t, "link", link, relative)
		info, missing := os.Stat(kept)
		if err != nil || missing != nil {
			t.Fatal(err, missing)
		}
		equal(t, "mode", info.Mode().Perm(), mode)
		os.Remove(kept) // then it is a link to what is not there yet
	}
}

func TestACounterTooManyIsDroppedAndTheOthersGoOn(t *testing.T) {
	many := strings.Builder{}
	many.WriteString("metric_points:\n    pace:\n")
	for n := range 2_000 {
		fmt.Fprintf(&many, "        %d:\n            cumulative_count: 1\n", n)
	}
	client := open(t, counting(t, many.String()))
	equal(t, "one too many", client.RecordCommand("pace", 2_000), overt.Dropped)
	equal(t, "another command", client.RecordCommand("pace list", 0), overt.Dropped)
	equal(t, "a known one", client.RecordCommand("pace", 1_999), overt.OK)
	equal(t, "a count", strings.Contains(client.Counters(), `"1999":{"cumulative_count":2}`), true)
}

// uploading is a tool without a key that uploads as a document.
func uploading(t *testing.T, server *server, interval time.Duration) overt.Config {
	t.Helper()
	config := counting(t, paceFile)
	config.CountersEndpoint, config.CountersInterval = server.url+"/telemetry", overt.Duration(interval)
	return config
}

// lastDocument is the last one that went out, "" if none is kept.
func lastDocument(t *testing.T, config overt.Config) (text string) {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(config.StateDir, "spool", "*", "counters.json"))
	for _, file := range found {
		text += content(t, file)
	}
	return text
}

func TestADocumentIsTakenByOKAlone(t *testing.T) {
	for _, answer := range []struct {
		status int
		says   string
		keep   bool
		taken  bool
	}{
		{http.StatusOK, "OK", true, true}, {http.StatusOK, " OK\n", true, true}, {http.StatusOK, "OK", false, false},
		{http.StatusOK, "", true, false}, {http.StatusCreated, "OK", true, false},
		{http.StatusServiceUnavailable, "OK", true, false},
	} {
		server := (&server{status: answer.status, says: answer.says}).start(t)
		config := uploading(t, server, time.Hour)
		config.KeepSent, config.ExtraHeaders = overt.Bool(answer.keep), map[string]string{"X-Tool": "pace"}
		client := open(t, config)
		equal(t, "counted", client.RecordCommand("pace version", 0), overt.OK)
		flush(t, client)
		flush(t, client) // whatever the server said, it is not asked again before the interval is over
		requests := server.requests()
		equal(t, "requests", len(requests), 1)
		equal(t, "body", requests[0].text, client.Counters())
		equal(t, "header", requests[0].header.Get("X-Tool"), "pace")
		kept := ""
		if answer.taken {
			kept = client.Counters()
		}
		equal(t, fmt.Sprint(answer), lastDocument(t, config), kept)
		failed := map[bool]uint64{true: 0, false: 1}[answer.status == http.StatusOK && strings.TrimSpace(answer.says) == "OK"]
		equal(t, "failures", client.Stats().Failures, failed)
		stamp := filepath.Join(filepath.Dir(config.CountersPath), "telemetry-last-upload-timestamp")
		put(t, stamp, fmt.Sprint(time.Now().Unix()-3_600))
		flush(t, client)
		equal(t, "an hour later", len(server.requests()), 2)
		put(t, stamp, fmt.Sprint(time.Now().Unix()+3_600)) // a clock that was set back
		flush(t, client)
		equal(t, "then", len(server.requests()), 3)
	}
}

func TestAnUploadThatWasCutOffIsMadeAgainByWhoDeliversNext(t *testing.T) {
	server := (&server{status: http.StatusOK, says: "OK"}).start(t)
	config := uploading(t, server, time.Hour)
	client := open(t, config)
	client.RecordCommand("pace version", 0)
	flush(t, client)
	locks, _ := filepath.Glob(filepath.Join(config.StateDir, "spool", "*", "counters.lock"))
	if len(locks) != 1 {
		t.Fatal(locks)
	}
	equal(t, "noted", content(t, locks[0]), "")
	put(t, locks[0], "1795198236493\n") // who died in the midst has left this
	again := open(t, config)
	flush(t, again)
	flush(t, again)
	equal(t, "requests", len(server.requests()), 2)
	equal(t, "noted", content(t, locks[0]), "")
}

func TestAnExitThatWaitsAndAWorkerUploadToo(t *testing.T) {
	server := (&server{status: http.StatusOK, says: "OK"}).start(t)
	config := uploading(t, server, time.Hour)
	config.ExitTimeout = time.Minute
	client := open(t, config)
	client.RecordCommand("pace version", 0)
	equal(t, "close", client.Close(), nil)
	if len(server.requests()) != 1 {
		t.Fatal("an exit that waits has not waited for the upload")
	}

	config = uploading(t, server, time.Hour)
	config.Background = nil
	client = open(t, config)
	client.RecordCommand("pace version", 0)
	<-server.arrived
	<-server.arrived
	flush(t, client)
	equal(t, "a worker", len(server.requests()), 2)
}

func TestWhatFindsNoRoomIsReportedLaterAndWhatTheHostDropsIsNot(t *testing.T) {
	for _, full := range []bool{true, false} {
		server := serve(t)
		before := strings.Replace(paceFile, "    pace version:", "    pace get:\n        0: {cumulative_count: 3}\n    pace version:", 1)
		config := counting(t, before)
		config.APIKey, config.Endpoint, config.CountersInterval = "phc_test", server.url, overt.Duration(0)
		config.ReportLosses = overt.Bool(false)
		narrow := config
		narrow.BeforeSend = func(event json.RawMessage) json.RawMessage { return event }
		if full {
			narrow.MaxSpoolEvents = 1
		} else {
			narrow.BeforeSend = func(json.RawMessage) json.RawMessage { return nil }
		}
		equal(t, "counted", open(t, narrow).RecordCommand("pace version", 0), overt.OK)
		client := open(t, config)
		equal(t, "counted", client.RecordCommand("pace version", 0), overt.OK)
		flush(t, client)
		var growths []string
		for _, event := range server.events() {
			growths = append(growths, fmt.Sprint(event.Properties["command"], event.Properties["count"]))
			equal(t, "ID", event.DistinctID, paceID)
		}
		want := map[bool]string{true: "pace get3 pace version8 pace version1", false: "pace version1"}[full]
		equal(t, "reported", strings.Join(growths, " "), want)
	}
}
