package pure

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The tables and numbers of this package are the core's: here they are compared with its source.

func coreSource(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("../../../../core/src/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section gives what lies between two texts.
func section(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	inside, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("%q … %q is not there", from, to)
	}
	return inside
}

func words(text string) (words []string) {
	for _, word := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(text, -1) {
		words = append(words, word[1])
	}
	return words
}

func TestCISystemsAndAgentsAreThoseOfTheCore(t *testing.T) {
	text := coreSource(t, "environment/signs.rs")
	for name, table := range map[string][]sign{"CI_SYSTEMS": ciSystems, "AGENTS": agents} {
		var theirs, ours []string
		lines := regexp.MustCompile(`(?m)^ *\("([^"]+)", Sign::(\w+)\((.*)\)\),$`)
		for _, line := range lines.FindAllStringSubmatch(section(t, text, "const "+name+": Table = &[", "\n];"), -1) {
			theirs = append(theirs, fmt.Sprint(line[1], line[2], words(line[3])))
		}
		for _, sign := range table {
			ours = append(ours, fmt.Sprint(sign.name, sign.kind, sign.words))
		}
		if len(theirs) < 10 || strings.Join(ours, "\n") != strings.Join(theirs, "\n") {
			t.Errorf("%s: ours\n%s\nthe core's\n%s", name, strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
		}
	}
	systemNames := section(t, coreSource(t, "environment.rs"), "fn name_of_os", "}\n}")
	for _, name := range regexp.MustCompile(`"(\w+)" => "([^"]+)"`).FindAllStringSubmatch(systemNames, -1) {
		if system := strings.ReplaceAll(name[1], "macos", "darwin"); systems[system] != name[2] {
			t.Errorf("%s is %q, the core says %q", system, systems[system], name[2])
		}
	}
}

func TestIDsOfNobodyAreThoseOfTheCore(t *testing.T) {
	theirs := words(section(t, coreSource(t, "identity.rs"), "const NOBODY: [&str; 17] = [", "];"))
	if len(theirs) != 17 || strings.Join(theirs, " ") != strings.Join(nobody, " ") {
		t.Errorf("ours %q, the core's %q", nobody, theirs)
	}
}

func TestWordsAndHeadersAreThoseOfTheCore(t *testing.T) {
	text := coreSource(t, "consent.rs")
	for _, word := range words(section(t, text, "fn means_on", "}\n")) {
		if !meansOn(" " + strings.ToUpper(word)) {
			t.Errorf("%q is on", word)
		}
	}
	for _, word := range words(section(t, text, "fn means_do_not_track", "}\n")) {
		config := Defaults()
		if readRules(&config, variables{"DO_NOT_TRACK": " " + strings.ToUpper(word)}).doNotTrack {
			t.Errorf("DO_NOT_TRACK=%q says nothing", word)
		}
	}
	for _, word := range words(section(t, coreSource(t, "counters/yaml.rs"), "const WORDS: [&str; 9] = [", "];")) {
		if isBare(strings.ToUpper(word)) {
			t.Errorf("%q is bare", word)
		}
	}
	headers := words(section(t, coreSource(t, "wire.rs"), "const HTTP_HEADERS: &[&str] =", "];"))
	if " "+strings.Join(headers, " ")+" " != ownHeaders {
		t.Errorf("ours %q, the core's %q", ownHeaders, headers)
	}
	hosts := words(section(t, coreSource(t, "wire/project.rs"), "const INGESTION_HOSTS", "];"))
	for i := 0; i < len(hosts); i += 2 {
		if got := endpoint(" " + hosts[i] + "//"); got != hosts[i+1] {
			t.Errorf("%q is %q, the core says %q", hosts[i], got, hosts[i+1])
		}
	}
}

func TestDefaultsAndLimitsAreThoseOfTheCore(t *testing.T) {
	config := Defaults()
	ms := func(length time.Duration) string {
		return fmt.Sprintf("Duration::from_millis(%d)", length.Milliseconds())
	}
	seconds := func(length time.Duration) string {
		return fmt.Sprintf("Duration::from_secs(%d)", int(length.Seconds()))
	}
	grouped := func(number int) string {
		return strings.ReplaceAll(fmt.Sprintf("%d_%03d", number/1000, number%1000), " ", "")
	}
	for file, lines := range map[string][]string{
		"config.rs": {
			fmt.Sprintf("flush_at: %d,", config.FlushAt), fmt.Sprintf("max_retries: %d,", config.MaxRetries),
			"flush_interval: " + seconds(config.FlushInterval), "timeout: " + seconds(config.Timeout),
			"connect_timeout: " + seconds(config.ConnectTimeout), fmt.Sprintf("max_event_bytes: %d * KIB", config.MaxEventBytes/kib),
			fmt.Sprintf("max_batch_bytes: %d * KIB", config.MaxBatchBytes/kib), "max_spool_events: " + grouped(config.MaxSpoolEvents),
			fmt.Sprintf("max_spool_bytes: %d * 1024 * 1024", config.MaxSpoolBytes>>20),
			fmt.Sprintf("max_spool_age: DAY * %d,", int(config.MaxSpoolAge/day)), "max_memory_events: " + grouped(config.MaxMemoryEvents),
			fmt.Sprintf("disable_geoip: %t", config.DisableGeoIP), fmt.Sprintf("person_profiles: %t", config.PersonProfiles),
			fmt.Sprintf("enrich: %t", config.Enrich), fmt.Sprintf("report_losses: %t", config.ReportLosses),
			fmt.Sprintf("keep_sent: %t", config.KeepSent), fmt.Sprintf("default_consent: %t", config.DefaultConsent),
			fmt.Sprintf("respect_do_not_track: %t", config.RespectDoNotTrack), fmt.Sprintf("background: %t", config.Background),
			fmt.Sprintf("historical_migration: %t", config.HistoricalMigration), fmt.Sprintf("in_ci: %t", config.InCI),
			fmt.Sprintf("PARK_TIME: Duration = Duration::from_secs(%d * 60)", int(parkTime.Minutes())),
			fmt.Sprintf("MAX_EVENT_BYTES_LIMIT: usize = %d * KIB", maxEventBytesLimit/kib),
			fmt.Sprintf("MAX_BATCH_BYTES_LIMIT: usize = %d * KIB * KIB", maxBatchBytesLimit>>20),
		},
		"retry.rs": {
			"FIRST_PAUSE: Duration = " + ms(firstPause), "LONGEST_PAUSE: Duration = " + seconds(longestPause),
			fmt.Sprintf("HANG_UPS: u32 = %d", hangUps),
		},
		"batch.rs":           {fmt.Sprintf("MAX_BATCH_EVENTS: usize = %d", maxBatchEvents)},
		"json.rs":            {fmt.Sprintf("MAX_DEPTH: usize = %d", maxDepth)},
		"client/pass.rs":     {fmt.Sprintf("ENVELOPE_BYTES: usize = %d", requestEnvelope)},
		"client/life.rs":     {"LOOK_EVERY_MS: u64 = " + grouped(int(lookEvery.Milliseconds()))},
		"sent.rs":            {fmt.Sprintf("MAX_SENT_BYTES: u64 = %d * 1024", maxSentBytes>>10)},
		"identity.rs":        {fmt.Sprintf("MAX_DISTINCT_ID_BYTES: usize = %d", maxIDBytes)},
		"worker.rs":          {"BUSY_PAUSE: Duration = " + ms(busyPause), fmt.Sprintf("MAX_PANICS: u32 = %d", maxPanics)},
		"worker/delivery.rs": {fmt.Sprintf("NEVER_TOO_LARGE: usize = %d * 1024", neverTooLarge>>10)},
		"spool.rs":           {"COUNT_EVERY_MS: u64 = " + grouped(int(countEvery.Milliseconds()))},
		"spool/claim.rs":     {"DRAFT_AGE: Duration = Duration::from_secs(86_400)", "MAX_GRACE: Duration = Duration::from_secs(86_400)"},
		"spool/writer.rs":    {fmt.Sprintf("MAX_SEGMENT_BYTES: u64 = %d * 1024;", maxSegmentBytes>>10)},
		"loss.rs":            {"ALL: [Self; 5]"}, // unreported names them
		"counters.rs":        {fmt.Sprintf("MAX_COMMAND_BYTES: usize = %d", maxCommandBytes)},
		"counters/document.rs": {
			fmt.Sprintf("SCHEMA: u64 = %d", countersSchema), "MAX_COUNTERS: usize = " + grouped(maxCounters),
		},
		"counters/file.rs": {
			fmt.Sprintf("MAX_ROUNDS: usize = %d", maxRounds), "PATIENCE_FOR_ID: Duration = " + ms(patienceForID),
			"PATIENCE_TO_ERASE: Duration = " + ms(patienceToErase), fmt.Sprintf("MAX_VERSION_CHARS: usize = %d", maxVersionRunes),
		},
		"counters/place.rs":   {fmt.Sprintf("MAX_FILE_BYTES: u64 = %d * 1024", maxCountersBytes>>10)},
		"counters/reading.rs": {fmt.Sprintf("MAX_DEPTH: usize = %d", maxUnknownDepth)},
		"counters/records.rs": {"MAX_RECORDS: usize = " + grouped(maxRecords), "GIVEN_UP_AFTER: Duration = Duration::from_secs(3_600)"},
		"counters/stamp.rs":   {"PATIENCE: Duration = " + seconds(patienceToSend)},
		"state/lock.rs":       {"TRY_EVERY: Duration = " + ms(tryForLockEvery)},
	} {
		text := coreSource(t, file)
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("core/src/%s has no %q", file, line)
			}
		}
	}
	if recordGivenUpAfter != time.Hour || config.CountersInterval != time.Hour || draftAge != day || maxGrace != day || day.Seconds() != 86_400 {
		t.Error("a day is not a day, or an hour not an hour")
	}
}
