#!/bin/sh
# Runs every check of this binding, of overtcobra, its examples and its conformance adapter: with cgo against the library as
# it is built now, and without. Arguments go to `go test`.
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
        CGO_ENABLED=0 go test -count=1 "$@" ./...
        for system in linux darwin windows; do
            for machine in amd64 arm64; do
                CGO_ENABLED=0 GOOS=$system GOARCH=$machine go build -o /dev/null ./...
                CGO_ENABLED=0 GOOS=$system GOARCH=$machine go vet ./...
            done
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
# Where there is no lock that other processes would heed, a program still builds; it records nothing.
CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm go build -o /dev/null ./...
# The core and the client without cgo in one program, and in processes that share a spool.
CGO_ENABLED=1 go vet -tags overt_both .
CGO_ENABLED=1 go test -count=1 -tags overt_both -run 'Both|PureClient|OtherKind|WhoeverMakes' "$@" .
# Once each, to see that they run; and what cannot be counted under the race detector.
CGO_ENABLED=1 go test -count=1 -run Allocates -bench . -benchtime 1x . >/dev/null || { say "a benchmark fails"; exit 1; }
./module.sh
