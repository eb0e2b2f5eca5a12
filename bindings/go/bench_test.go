package overt

import (
	"math"
	"testing"
)

// jobEvent is like the event at the end of a Starfish job.
var jobEvent = Props{
	"job_id":          "0198b0b5-7c25-7000-8000-0123456789ab",
	"target_reached":  true,
	"run_mode":        "NORMAL",
	"num_inputs":      1000,
	"library_version": "0.1.4",
	"config":          Props{"batch_size": 32, "target_count": 1000, "max_concurrency": 50, "task_runner_timeout": 60.5},
	"error_summary":   map[string]any{"TimeoutError": 2},
	"count_summary":   map[string]any{"completed": 998, "failed": 2, "filtered": 0},
	"platform":        "Linux",
}

// perSpool events fill a spool before it is emptied, which the clock does not see.
const perSpool = 10_000

func benchClient(tb testing.TB) *Client {
	client, err := New(Config{
		App: "bench", APIKey: "phc_bench", Endpoint: "http://127.0.0.1:9", StateDir: tb.TempDir(), Consent: Bool(true),
		Background: Bool(false), MaxSpoolEvents: 2 * perSpool, MaxSpoolBytes: math.MaxInt32,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if !client.Consent().Enabled {
		tb.Skipf("consent: %v", client.Consent())
	}
	return client
}

func bench(b *testing.B, client *Client, capture func() Capture) {
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%perSpool == perSpool-1 {
			b.StopTimer()
			if _, err := client.ResetClientID(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		if captured := capture(); captured.Status != OK {
			b.Fatal(captured.Status)
		}
	}
}

func BenchmarkCaptureEvent(b *testing.B) {
	client := benchClient(b)
	bench(b, client, func() Capture { return client.CaptureEvent("starfish_job", jobEvent) })
}

// BenchmarkCaptureJSON is the same event without the walk over its properties.
func BenchmarkCaptureJSON(b *testing.B) {
	client := benchClient(b)
	e := newEncoder()
	e.props(jobEvent)
	bench(b, client, func() Capture { return captureEvent(client, "starfish_job", e.out) })
}

// BenchmarkProps is the walk alone.
func BenchmarkProps(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		e := newEncoder()
		if e.props(jobEvent) != OK {
			b.Fatal("refused")
		}
		e.free()
	}
}

// BenchmarkCall is a call of the back end that does nothing.
func BenchmarkCall(b *testing.B) {
	client := &Client{}
	b.ReportAllocs()
	for b.Loop() {
		captureEvent(client, "starfish_job", nil)
	}
}

func BenchmarkDisabled(b *testing.B) {
	client, err := New(Config{App: "bench", StateDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if client.CaptureEvent("starfish_job", jobEvent).Status != Disabled {
			b.Fatal("it is on")
		}
	}
}

func TestACaptureAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector pools forget")
	}
	if !WithCgo {
		t.Skip("internal/pure allocates: it is there to be read")
	}
	client := benchClient(t)
	name := func() string { return "starfish_job" }()
	if allocated := testing.AllocsPerRun(1000, func() { client.CaptureEvent(name, jobEvent) }); allocated > 0 {
		t.Errorf("%v allocations in a capture", allocated)
	}
}
