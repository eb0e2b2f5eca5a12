//go:build !cgo

package overt_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestWithoutCgoNothingIsSilentlyMissing(t *testing.T) {
	for what, set := range map[string]func(*overt.Config){
		"wire: posthog-v1 needs cgo":   func(c *overt.Config) { c.Wire = "posthog-v1" },
		"compression: deflate needs":   func(c *overt.Config) { c.Compression = "deflate" },
		"compression: zstd needs":      func(c *overt.Config) { c.Compression = "zstd" },
		"detached_upload: needs cgo":   func(c *overt.Config) { c.DetachedUpload = true }, // TestMain has called UploaderMain
		"compression: \"br\" is not":   func(c *overt.Config) { c.Compression = "br" },
		"wire: \"posthog-v2\" is not ": func(c *overt.Config) { c.Wire = "posthog-v2" },
	} {
		config := serve(t).config(t)
		set(&config)
		if client, err := overt.New(config); client != nil || err == nil || !strings.HasPrefix(err.Error(), "overt: "+what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestEachOptionReachesThePureClient(t *testing.T) {
	source, err := os.ReadFile("pureconfig.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[overt.Config]()) {
		// ExitTimeout is Client.Close's.
		if !strings.Contains(string(source), "config."+field.Name) && field.Name != "ExitTimeout" {
			t.Errorf("pureconfig.go does not know Config.%s: take it, or refuse it", field.Name)
		}
	}
}
