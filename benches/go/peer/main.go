// Peer compares overt with posthog-go, each as its documentation says, in processes of their own, in turn:
//
//   - what a call costs while a server on loopback answers at once;
//   - how long a program with one event takes to end, beside a server that takes what comes and never answers;
//   - what of 100 events arrives, if the program is killed right after the last one and then run again.
//
// Usage: peer DIRECTORY
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	rounds = 11
	calls  = 2000
	killed = 100
	// The longest wait for an end: what takes longer is told as longer.
	patience = 30 * time.Second
)

func main() {
	switch len(os.Args) {
	case 2:
		compare(os.Args[1])
	case 5:
		child(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	default:
		fail("usage: peer DIRECTORY")
	}
}

func compare(dir string) {
	var arrived atomic.Int64
	answering := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Add(events(r))
		fmt.Fprint(w, `{"status":1}`)
	}))
	defer answering.Close()
	var cost = map[string][]string{}
	for range rounds {
		for _, library := range libraries {
			out, _ := run(dir, "cost", library, answering.URL)
			cost[library] = append(cost[library], strings.TrimSpace(out))
		}
	}
	for _, library := range libraries {
		slices.Sort(cost[library])
		fmt.Printf("%-11s a call (ns, allocations in Go)  %s\n", library, cost[library][rounds/2])
	}
	silent := blackhole()
	for _, library := range libraries {
		_, took := run(dir, "end", library, silent)
		fmt.Printf("%-11s a program with one event, a server that never answers  %s\n", library, took)
	}
	for _, library := range libraries {
		arrived.Store(0)
		run(filepath.Join(dir, "killed"), "kill", library, answering.URL)
		run(filepath.Join(dir, "killed"), "again", library, answering.URL)
		fmt.Printf("%-11s of %d events, killed by SIGKILL, arrived after the next run  %d\n", library, killed, arrived.Load())
	}
}

// run gives what a child prints, and how long it took from start to end.
func run(dir, what, library, url string) (string, string) {
	var out bytes.Buffer
	command := exec.Command(os.Args[0], what, library, url, filepath.Join(dir, library))
	command.Env = []string{"HOME=" + dir}
	command.Stdout = &out
	begun := time.Now()
	check(command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if err != nil && !(what == "kill" && errors.As(err, &exit)) {
			fail(library + ": " + err.Error())
		}
		return out.String(), fmt.Sprintf("%.1f ms", float64(time.Since(begun).Microseconds())/1e3)
	case <-time.After(patience):
		check(command.Process.Kill())
		<-ended
		return out.String(), fmt.Sprintf("more than %v", patience)
	}
}

// blackhole accepts connections, reads nothing and says nothing.
func blackhole() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() {
		var all []net.Conn
		for {
			connection, err := listener.Accept()
			check(err)
			all = append(all, connection)
		}
	}()
	return "http://" + listener.Addr().String()
}

func events(r *http.Request) int64 {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		check(err)
		body = unpacked
	}
	text, err := io.ReadAll(body)
	check(err)
	return int64(bytes.Count(text, []byte(`"job_done"`)))
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "benchmark:", why)
	os.Exit(1)
}
