#!/bin/sh
# Builds the adapter of ../go without cgo: no library, no compiler but Go's.
set -eu
cd "$(dirname "$0")/../go"
root=$(cd ../../.. && pwd)
mkdir -p "$root/target/conformance"
# shellcheck source=../../../bindings/go/find-go.sh
. "$root/bindings/go/find-go.sh"
CGO_ENABLED=0 exec go build -buildvcs=false -o "$root/target/conformance/adapter-go-pure" .
