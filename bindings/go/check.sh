#!/bin/sh
# Runs every check of this binding, of overtcobra, its examples and its conformance adapter, against the library as it is
# built now. Arguments go to `go test`.
set -eu
cd "$(dirname "$0")"
[ "${1:-}" = --inside ] || exec ./with-overt.sh ./check.sh --inside "$@"
shift
say() { echo "bindings/go/check.sh: $1" >&2; }

modules=". overtcobra ../../examples/go ../../examples/pace_like ../../tests/conformance/go"
# shellcheck disable=SC2086 # several directories
unformatted=$(gofmt -l $modules)
[ -z "$unformatted" ] || { say "run gofmt -w on: $unformatted"; exit 1; }
for module in $modules; do
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
# go.mod names the oldest cobra that will do; newest.mod the newest.
(
    cd overtcobra
    go mod tidy -diff -modfile=newest.mod
    CGO_ENABLED=1 go vet -modfile=newest.mod ./...
    CGO_ENABLED=1 go test -count=1 -modfile=newest.mod "$@" ./...
)
# Once each, to see that they run; and what cannot be counted under the race detector.
CGO_ENABLED=1 go test -count=1 -run Allocates -bench . -benchtime 1x . >/dev/null || { say "a benchmark fails"; exit 1; }
