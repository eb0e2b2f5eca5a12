package counters

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/coretest"
)

func TestLimitsAreThoseOfTheCore(t *testing.T) {
	coretest.Has(t, "counters.rs", fmt.Sprintf("MAX_COMMAND_BYTES: usize = %d", maxCommandBytes))
	coretest.Has(t, "counters/document.rs",
		fmt.Sprintf("SCHEMA: u64 = %d", schema), "MAX_COUNTERS: usize = "+coretest.Grouped(maxPoints))
	coretest.Has(t, "counters/file.rs",
		fmt.Sprintf("MAX_ROUNDS: usize = %d", maxRounds), "PATIENCE_FOR_ID: Duration = "+coretest.Milliseconds(patienceForID),
		"PATIENCE_TO_ERASE: Duration = "+coretest.Milliseconds(patienceToErase),
		fmt.Sprintf("MAX_VERSION_CHARS: usize = %d", maxVersionRunes))
	coretest.Has(t, "counters/place.rs", fmt.Sprintf("MAX_FILE_BYTES: u64 = %d * 1024", maxFileBytes>>10))
	coretest.Has(t, "counters/reading.rs", fmt.Sprintf("MAX_DEPTH: usize = %d", maxNesting))
	coretest.Has(t, "counters/records.rs",
		"MAX_RECORDS: usize = "+coretest.Grouped(maxRecords), "GIVEN_UP_AFTER: Duration = Duration::from_secs(3_600)")
	coretest.Has(t, "counters/stamp.rs", "PATIENCE: Duration = "+coretest.Seconds(patienceToSend))
	coretest.Has(t, "state/lock.rs", "TRY_EVERY: Duration = "+coretest.Milliseconds(tryForLockEvery))
	if recordGivenUpAfter != time.Hour {
		t.Error("an hour is not an hour")
	}
}

func TestWordsAreThoseOfTheCore(t *testing.T) {
	theirs := coretest.Words(coretest.Section(t, coretest.Source(t, "counters/yaml.rs"), "const WORDS: [&str; 9] = [", "];"))
	for _, word := range theirs {
		if isBare(strings.ToUpper(word)) {
			t.Errorf("%q is bare", word)
		}
	}
	if len(theirs) != len(words) {
		t.Errorf("the core's are %q", theirs)
	}
}
