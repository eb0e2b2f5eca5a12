package spool

import (
	"fmt"
	"testing"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/coretest"
)

func TestLimitsAreThoseOfTheCore(t *testing.T) {
	coretest.Has(t, "batch.rs", fmt.Sprintf("MAX_BATCH_EVENTS: usize = %d", maxBatchEvents))
	coretest.Has(t, "sent.rs", fmt.Sprintf("MAX_SENT_BYTES: u64 = %d * 1024", maxSentBytes>>10))
	coretest.Has(t, "spool.rs", "COUNT_EVERY_MS: u64 = "+coretest.Grouped(int(countEvery.Milliseconds())))
	coretest.Has(t, "state/draft.rs", "LEFT_AFTER: Duration = Duration::from_secs(86_400)")
	coretest.Has(t, "spool/claim.rs", "MAX_GRACE: Duration = Duration::from_secs(86_400)")
	coretest.Has(t, "spool/writer.rs", fmt.Sprintf("MAX_SEGMENT_BYTES: u64 = %d * 1024;", maxSegmentBytes>>10))
	coretest.Has(t, "loss.rs", "ALL: [Self; 5]") // Unreported names them
	coretest.Has(t, "config.rs", fmt.Sprintf("PARK_TIME: Duration = Duration::from_secs(%d * 60)", int(ParkTime.Minutes())))
	if draftAge != day || maxGrace != day || day.Seconds() != 86_400 {
		t.Error("a day is not a day")
	}
}
