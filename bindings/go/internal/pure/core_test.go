package pure

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/coretest"
)

// The tables and numbers of this package are the core's: here they are compared with its source.

func TestCISystemsAndAgentsAreThoseOfTheCore(t *testing.T) {
	text := coretest.Source(t, "environment/signs.rs")
	for name, table := range map[string][]sign{"CI_SYSTEMS": ciSystems, "AGENTS": agents} {
		var theirs, ours []string
		lines := regexp.MustCompile(`(?m)^ *\("([^"]+)", Sign::(\w+)\((.*)\)\),$`)
		for _, line := range lines.FindAllStringSubmatch(coretest.Section(t, text, "const "+name+": Table = &[", "\n];"), -1) {
			theirs = append(theirs, fmt.Sprint(line[1], line[2], coretest.Words(line[3])))
		}
		for _, sign := range table {
			ours = append(ours, fmt.Sprint(sign.name, sign.kind, sign.words))
		}
		if len(theirs) < 10 || strings.Join(ours, "\n") != strings.Join(theirs, "\n") {
			t.Errorf("%s: ours\n%s\nthe core's\n%s", name, strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
		}
	}
	systemNames := coretest.Section(t, coretest.Source(t, "environment.rs"), "fn name_of_os", "}\n}")
	for _, name := range regexp.MustCompile(`"(\w+)" => "([^"]+)"`).FindAllStringSubmatch(systemNames, -1) {
		if system := strings.ReplaceAll(name[1], "macos", "darwin"); systems[system] != name[2] {
			t.Errorf("%s is %q, the core says %q", system, systems[system], name[2])
		}
	}
}

func TestWordsAndHeadersAreThoseOfTheCore(t *testing.T) {
	text := coretest.Source(t, "consent.rs")
	for _, word := range coretest.Words(coretest.Section(t, text, "fn means_on", "}\n")) {
		if !meansOn(" " + strings.ToUpper(word)) {
			t.Errorf("%q is on", word)
		}
	}
	for _, word := range coretest.Words(coretest.Section(t, text, "fn means_do_not_track", "}\n")) {
		config := Defaults()
		if readRules(&config, variables{"DO_NOT_TRACK": " " + strings.ToUpper(word)}).doNotTrack {
			t.Errorf("DO_NOT_TRACK=%q says nothing", word)
		}
	}
	headers := coretest.Words(coretest.Section(t, coretest.Source(t, "wire.rs"), "const HTTP_HEADERS: &[&str] =", "];"))
	if " "+strings.Join(headers, " ")+" " != ownHeaders {
		t.Errorf("ours %q, the core's %q", ownHeaders, headers)
	}
	hosts := coretest.Words(coretest.Section(t, coretest.Source(t, "wire/project.rs"), "const INGESTION_HOSTS", "];"))
	for i := 0; i < len(hosts); i += 2 {
		if got := endpoint(" " + hosts[i] + "//"); got != hosts[i+1] {
			t.Errorf("%q is %q, the core says %q", hosts[i], got, hosts[i+1])
		}
	}
}

func TestDefaultsAndLimitsAreThoseOfTheCore(t *testing.T) {
	config := Defaults()
	for file, lines := range map[string][]string{
		"config.rs": {
			fmt.Sprintf("flush_at: %d,", config.FlushAt), fmt.Sprintf("max_retries: %d,", config.MaxRetries),
			"flush_interval: " + coretest.Seconds(config.FlushInterval), "timeout: " + coretest.Seconds(config.Timeout),
			"connect_timeout: " + coretest.Seconds(config.ConnectTimeout), fmt.Sprintf("max_event_bytes: %d * KIB", config.MaxEventBytes/kib),
			fmt.Sprintf("max_batch_bytes: %d * KIB", config.MaxBatchBytes/kib), "max_spool_events: " + coretest.Grouped(config.MaxSpoolEvents),
			fmt.Sprintf("max_spool_bytes: %d * 1024 * 1024", config.MaxSpoolBytes>>20),
			fmt.Sprintf("max_spool_age: DAY * %d,", int(config.MaxSpoolAge/day)), "max_memory_events: " + coretest.Grouped(config.MaxMemoryEvents),
			fmt.Sprintf("disable_geoip: %t", config.DisableGeoIP), fmt.Sprintf("person_profiles: %t", config.PersonProfiles),
			fmt.Sprintf("enrich: %t", config.Enrich), fmt.Sprintf("report_losses: %t", config.ReportLosses),
			fmt.Sprintf("keep_sent: %t", config.KeepSent), fmt.Sprintf("default_consent: %t", config.DefaultConsent),
			fmt.Sprintf("respect_do_not_track: %t", config.RespectDoNotTrack), fmt.Sprintf("background: %t", config.Background),
			fmt.Sprintf("historical_migration: %t", config.HistoricalMigration), fmt.Sprintf("in_ci: %t", config.InCI),
			fmt.Sprintf("MAX_EVENT_BYTES_LIMIT: usize = %d * KIB", maxEventBytesLimit/kib),
			fmt.Sprintf("MAX_BATCH_BYTES_LIMIT: usize = %d * KIB * KIB", maxBatchBytesLimit>>20),
		},
		"retry.rs": {
			"FIRST_PAUSE: Duration = " + coretest.Milliseconds(firstPause), "LONGEST_PAUSE: Duration = " + coretest.Seconds(longestPause),
			fmt.Sprintf("HANG_UPS: u32 = %d", hangUps),
		},
		"client/pass.rs":     {fmt.Sprintf("ENVELOPE_BYTES: usize = %d", requestEnvelope)},
		"client/life.rs":     {"LOOK_EVERY_MS: u64 = " + coretest.Grouped(int(lookEvery.Milliseconds()))},
		"worker.rs":          {"BUSY_PAUSE: Duration = " + coretest.Milliseconds(busyPause), fmt.Sprintf("MAX_PANICS: u32 = %d", maxPanics)},
		"worker/delivery.rs": {fmt.Sprintf("NEVER_TOO_LARGE: usize = %d * 1024", neverTooLarge>>10)},
	} {
		coretest.Has(t, file, lines...)
	}
	if config.CountersInterval != time.Hour || day.Seconds() != 86_400 {
		t.Error("a day is not a day, or an hour not an hour")
	}
}
