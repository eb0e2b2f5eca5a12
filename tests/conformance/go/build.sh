#!/bin/sh
# Builds the library and the adapter.
set -eu
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
mkdir -p "$root/target/conformance"
exec "$root/bindings/go/with-overt.sh" env CGO_ENABLED=1 go build -o "$root/target/conformance/adapter-go" .
