package jsontext

import (
	"fmt"
	"testing"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/coretest"
)

func TestDepthIsThatOfTheCore(t *testing.T) {
	coretest.Has(t, "json.rs", fmt.Sprintf("MAX_DEPTH: usize = %d", MaxDepth))
}
