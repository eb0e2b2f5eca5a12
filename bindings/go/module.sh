#!/bin/sh
# Shows that a program which is nobody's neighbour gets this module and builds: with the archive that is committed, with an
# installed library, with an archive made now, vendored, and without cgo.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=find-go.sh
. "$root/bindings/go/find-go.sh"
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
export OVERT_PROFILE="${OVERT_PROFILE:-debug}" # the quick one: how it is found does not depend on it

# The module as `go get` has it: what git knows.
module=$scratch/module
(cd "$root/bindings/go" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$(mkdir -p "$module" && echo "$module")")
"$root/bindings/go/archive.sh" --check "$module"
"$root/ffi/install.sh" "$scratch/prefix"

mkdir "$scratch/program"
cd "$scratch/program"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	overt "github.com/overt-telemetry/overt/bindings/go"
)

func main() {
	client, err := overt.New(overt.Config{App: "module", APIKey: "phc_test", Endpoint: "http://127.0.0.1:9", StateDir: os.Args[1], InCI: true})
	fmt.Println(client.CaptureEvent("built", nil).Status == overt.OK, err, len(client.Pending()), overt.Version())
}
GO
cat >go.mod <<GO
module example.com/program

go 1.25

require github.com/overt-telemetry/overt/bindings/go v0.0.0

replace github.com/overt-telemetry/overt/bindings/go => $module
GO
version=$(sed -n 's/^#define OVERT_VERSION "\(.*\)"$/\1/p' "$root/include/overt.h")
# Go's own caches stay; what knows this repository goes. What the module needs comes from what was downloaded for it.
(cd "$module" && go mod download)
downloads=$(go env GOMODCACHE)/cache/download
unset CGO_CFLAGS CGO_LDFLAGS LD_LIBRARY_PATH PKG_CONFIG_PATH TELEMETRY_ENABLED DO_NOT_TRACK OVERT_DEBUG
export GOFLAGS="-buildvcs=false -modcacherw" GOPROXY="file://$downloads" GOSUMDB=off GOPATH="$scratch/gopath" GOMODCACHE="$scratch/gopath/mod"
go mod tidy

built() { # built WHAT NUMBER: it runs, and this many events wait in one state directory of all
    said=$(LD_LIBRARY_PATH=${library:-} ./program "$scratch/state")
    [ "$said" = "true <nil> $2 $version" ] || { echo "module.sh: $1: it says $said" >&2; exit 1; }
}
CGO_ENABLED=1 go build -o program .
built "go build" 1
! ldd ./program | grep -q overt || { echo "module.sh: go build: it needs a shared library" >&2; exit 1; }
PKG_CONFIG_PATH=$scratch/prefix/lib/pkgconfig CGO_ENABLED=1 go build -tags overt_system -o program .
library=$scratch/prefix/lib built "-tags overt_system" 2
ldd ./program | grep -q 'libovert\.so\.0' || { echo "module.sh: -tags overt_system: it is not the installed library" >&2; exit 1; }
CGO_ENABLED=0 go build -o program .
built "without cgo" 3
! ldd ./program >/dev/null 2>&1 || { echo "module.sh: without cgo it is not static" >&2; exit 1; }
# With an archive of today's sources.
"$root/bindings/go/archive.sh" "$module"
"$root/bindings/go/archive.sh" --fresh "$module"
go mod vendor
CGO_ENABLED=1 go build -o program .
built "vendored" 4
CGO_ENABLED=0 go build -o program .
built "vendored, without cgo" 5
