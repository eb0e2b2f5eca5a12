#!/usr/bin/env bash
# Measures what docs/performance.md quotes: release builds, ratios in one run, in a temporary directory on the disk that
# the working directory is on. Takes about twenty minutes, most of them for the peers.
set -euo pipefail
cd "$(dirname "$0")/.."
unset CI TELEMETRY_ENABLED DO_NOT_TRACK OVERT_DEBUG

work=$(mktemp -d "$PWD/target/bench.XXXXXXXX")
trap 'rm -rf "$work"' EXIT
export OVERT_PROFILE=release
say() { printf '\n==> %s\n' "$1"; }

say "Rust"
cargo build --quiet --release -p overt-ffi -p overt-benches
target/release/overt-bench

say "C"
gcc -O2 -std=c99 -Iinclude benches/c/capture.c -o "$work/capture" -Ltarget/release -lovert "-Wl,-rpath,$PWD/target/release"
ln -sf libovert.so target/release/libovert.so.0
mkdir "$work/c"
"$work/capture" "$work/c"

say "Go"
mkdir "$work/go"
bindings/go/with-overt.sh go run -C benches/go . "$work/go"
mkdir "$work/counting"
bindings/go/with-overt.sh go run -C benches/go ./counting "$work/counting"
mkdir "$work/peer"
bindings/go/with-overt.sh go run -C benches/go/peer . "$work/peer"
bindings/go/with-overt.sh go test -C bindings/go/overtcobra -run '^$' -bench . -benchmem .
TMPDIR=$work bindings/go/with-overt.sh go test -C bindings/go -run '^$' -bench 'Props|Call|Disabled' -count 3 .

say "Python"
bindings/python/install.sh
python=$work/venv/bin/python
python3 -m venv "$work/venv"
"$python" -m pip --disable-pip-version-check --quiet install target/wheels/release/*.whl
mkdir "$work/python"
"$python" benches/python/capture.py "$work/python"

say "whole Python programs, beside the posthog package"
"$python" -m pip --disable-pip-version-check --quiet install "posthog==7.91.1"
"$python" benches/python/programs.py "$python" "$work"

say "a click command with AWS SAM CLI's telemetry, beside requests and the posthog package"
"$python" -m pip --disable-pip-version-check --quiet install "click==8.5.1" "requests==2.34.2"
"$python" benches/python/commands.py "$python"

say "sizes"
strip -s -o "$work/libovert.so" target/release/libovert.so
printf 'libovert.so, stripped %10d bytes\n' "$(stat -c %s "$work/libovert.so")"
printf 'the wheel             %10d bytes\n' "$(stat -c %s target/wheels/release/*.whl)"
