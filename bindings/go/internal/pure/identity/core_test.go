package identity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/coretest"
)

func TestIDsOfNobodyAreThoseOfTheCore(t *testing.T) {
	coretest.Has(t, "identity.rs", fmt.Sprintf("MAX_DISTINCT_ID_BYTES: usize = %d", MaxBytes))
	theirs := coretest.Words(coretest.Section(t, coretest.Source(t, "identity.rs"), "const NOBODY: [&str; 17] = [", "];"))
	if len(theirs) != 17 || strings.Join(theirs, " ") != strings.Join(nobody, " ") {
		t.Errorf("ours %q, the core's %q", nobody, theirs)
	}
}
