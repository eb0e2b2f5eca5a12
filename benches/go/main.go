// Capture compares what capturing costs in Go with what it costs in C, in one process, on one disk, in turn.
//
//	capture DIRECTORY
package main

/*
#cgo CFLAGS: -I${SRCDIR}/../../include -I${SRCDIR}/../c
#include "job.h"

static overt_client *open_client(const char *state_dir) {
  overt_config *config = overt_config_new(OVERT_STR("bench"));
  overt_config_set_app_version(config, OVERT_STR("1.0"));
  overt_config_set_api_key(config, OVERT_STR("phc_bench"));
  overt_config_set_endpoint(config, OVERT_STR("http://127.0.0.1:9"));
  overt_config_set_state_dir(config, OVERT_CSTR(state_dir));
  overt_config_set_consent(config, true);
  overt_config_set_background(config, false);
  overt_config_set_max_spool_events(config, 10000000);
  overt_config_set_max_spool_bytes(config, 10000000000u);
  overt_client *client = overt_client_new(config, NULL, 0);
  overt_config_free(config);
  return client;
}

static int many_json(const overt_client *client, int calls) {
  for (int n = 0; n < calls; n++) if (capture_json(client) != OVERT_OK) return 0;
  return 1;
}

static int many_typed(const overt_client *client, int calls) {
  for (int n = 0; n < calls; n++) if (capture_typed(client) != OVERT_OK) return 0;
  return 1;
}
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

const (
	rounds = 41
	calls  = 2000
)

var job = overt.Props{
	"job_id":          "0b5ae1a2-7d6c-4a53-8c1d-0d7f0a6f1e11",
	"target_reached":  true,
	"run_mode":        "normal",
	"num_inputs":      100,
	"library_version": "0.4.2",
	"config": overt.Props{
		"batch_size": 10, "target_count": 100, "dead_queue_threshold": 3, "max_concurrency": 10,
		"task_runner_timeout": 60, "job_run_stop_threshold": 3,
	},
	"error_summary":     overt.Props{"TimeoutError": 2},
	"count_summary":     overt.Props{"completed": 98, "failed": 2, "filtered": 0},
	"run_time_platform": "Linux",
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: capture DIRECTORY")
	}
	inC := C.open_client(C.CString(filepath.Join(os.Args[1], "c")))
	client, err := overt.New(overt.Config{
		App: "bench", AppVersion: "1.0", APIKey: "phc_bench", Endpoint: "http://127.0.0.1:9",
		StateDir: filepath.Join(os.Args[1], "go"), Consent: overt.Bool(true), Background: overt.Bool(false),
		MaxSpoolEvents: 10_000_000, MaxSpoolBytes: 10_000_000_000,
	})
	if err != nil {
		fail(err.Error())
	}
	ways := []struct {
		what string
		run  func() bool
	}{
		{"C, JSON text", func() bool { return C.many_json(inC, calls) == 1 }},
		{"C, typed values", func() bool { return C.many_typed(inC, calls) == 1 }},
		{"Go, nested Props", func() bool {
			for range calls {
				if client.CaptureEvent("starfish_job", job).Status != overt.OK {
					return false
				}
			}
			return true
		}},
	}
	times := make([][]float64, len(ways))
	for range rounds {
		for way, each := range ways {
			begun := time.Now()
			if !each.run() {
				fail(each.what + ": a capture failed")
			}
			times[way] = append(times[way], float64(time.Since(begun).Nanoseconds())/calls)
		}
	}
	for way, each := range ways {
		fmt.Printf("capture in %-20s %9.1f ns\n", each.what, median(times[way]))
	}
	for way := range ways[:2] {
		var more []float64
		for round := range rounds {
			more = append(more, times[2][round]-times[way][round])
		}
		fmt.Printf("Go over %-23s %+9.1f ns\n", ways[way].what, median(more))
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "benchmark:", why)
	os.Exit(1)
}
