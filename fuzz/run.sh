#!/usr/bin/env bash
# Looks for bytes that break a property: each target, or those that are named, for FUZZ_SECONDS. Ends at the first finding,
# which stays in fuzz/artifacts/<target>/.
#
# What it learns is kept in the build directory. With FUZZ_KEEP=1 the corpus takes over what reaches code that nothing in it
# reaches.
set -euo pipefail
cd "$(dirname "$0")"

# Consent depends on these.
unset CI TELEMETRY_ENABLED DO_NOT_TRACK OVERT_DEBUG

# What `cargo fuzz` would say. A stable compiler needs to be told so for the sanitiser.
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address --cfg fuzzing -Ccodegen-units=1"
target_dir=${CARGO_TARGET_DIR:-../target}/fuzz
cargo build --release --quiet --target x86_64-unknown-linux-gnu --target-dir "$target_dir"

TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/overt-fuzz-XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

targets=("$@")
if [ $# = 0 ]; then targets=(targets/*.rs); fi
for target in "${targets[@]}"; do
  target=$(basename "$target" .rs)
  program=$target_dir/x86_64-unknown-linux-gnu/release/$target
  found=$target_dir/corpus/$target
  mkdir -p "$found" "artifacts/$target"
  echo "=== $target"
  "$program" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -max_len=2048 -artifact_prefix="artifacts/$target/" \
    -verbosity=0 -print_funcs=0 -print_final_stats=1 "$found" "corpus/$target"
  # Counters would keep an input for each number of turns of each loop.
  if [ -n "${FUZZ_KEEP:-}" ]; then "$program" -set_cover_merge=1 -use_counters=0 -verbosity=0 "corpus/$target" "$found"; fi
done
find artifacts -depth -type d -empty -delete # what is left is of an earlier run
