//go:build !cgo

package overt_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestWithoutCgoNothingIsSilentlyMissing(t *testing.T) {
	for what, set := range map[string]func(*overt.Config){
		"wire: posthog-v1 needs cgo":   func(c *overt.Config) { c.Wire = "posthog-v1" },
		"compression: deflate needs":   func(c *overt.Config) { c.Compression = "deflate" },
		"compression: zstd needs":      func(c *overt.Config) { c.Compression = "zstd" },
		"detached_upload: needs cgo":   func(c *overt.Config) { c.DetachedUpload = true }, // TestMain has called UploaderMain
		"ack: needs cgo":               func(c *overt.Config) { c.Ack = "write" },
		"response_wait: needs cgo":     func(c *overt.Config) { c.ResponseWait = overt.Duration(0) },
		"client_id_key: needs cgo":     func(c *overt.Config) { c.ClientIDKey = "id" },
		"consent_path and consent_key": func(c *overt.Config) { c.ConsentPath = "metadata.json" },
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
		if !strings.Contains(string(source), "config."+field.Name) {
			t.Errorf("pureconfig.go does not know Config.%s: take it, or refuse it", field.Name)
		}
	}
}

func init() {
	children["send to"] = func(endpoint string) {
		dir, err := os.MkdirTemp("", "overt-proxy")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		client, err := overt.New(overt.Config{
			App: "scenario", APIKey: "phc_test", Endpoint: endpoint, AllowPlainHTTP: true, StateDir: dir, InCI: true,
			Background: overt.Bool(false), MaxRetries: overt.Int(0), Timeout: time.Minute,
		})
		fmt.Println(client.CaptureEvent("one", nil).Status, err, client.Flush(nil))
	}
}

func TestOnlyWhatAProxyCannotReadGoesThroughOne(t *testing.T) {
	var mutex sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		asked = append(asked, r.Method+" "+r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	for _, endpoint := range []string{"http://telemetry.invalid", "https://telemetry.invalid"} {
		// The standard library reads the variables once in a process.
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "OVERT_TEST_CHILD=send to", "OVERT_TEST_ARGUMENT="+endpoint,
			"HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
		said, err := child.Output()
		equal(t, endpoint, string(said), "overt: ok <nil> overt: not everything could be delivered\n")
		equal(t, "error", err, nil)
	}
	equal(t, "the proxy was asked", strings.Join(asked, ", "), "CONNECT telemetry.invalid:443")
}
