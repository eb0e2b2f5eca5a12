package overt_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func TestAProgramWithAnothersRightsIsOff(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("only root can become another")
	}
	dir := tempDir(t)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "OVERT_TEST_CHILD=as another", "OVERT_TEST_ARGUMENT="+dir)
	said, err := child.CombinedOutput()
	equal(t, "said", string(said), fmt.Sprintln(overt.Consent{Reason: overt.ReasonPrivileged}, overt.Disabled, overt.Storage))
	equal(t, "error", err, nil)
	if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
}
