#!/usr/bin/env bash
# The threaded tests under ThreadSanitizer: those of the core, and C programs that call the library from their own threads.
#
# The standard library is built with it too: otherwise each wait on a condition variable looks like a race. So there is
# nothing to suppress. `uploader` is not among them, whose 500 processes would outlive the uploader.
set -euo pipefail
cd "$(dirname "$0")/.."

# Consent depends on these.
unset CI TELEMETRY_ENABLED DO_NOT_TRACK OVERT_DEBUG

TARGET=x86_64-unknown-linux-gnu
TESTS=(another_process delivered exit held_thread hostile_server https killed_after_recording off_is_off own_transport)
PROGRAMS=(threads callbacks delivery)

sysroot=$(rustc --print sysroot)
if [ ! -d "$sysroot/lib/rustlib/src/rust/library" ]; then
  echo "The sources of the standard library are missing: rustup component add rust-src (or Debian's rust-src, of this version)" >&2
  exit 1
fi
# What a stable compiler needs to be told for -Z.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread TSAN_OPTIONS=halt_on_error=1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/tsan
CARGO_TARGET_DIR=$(realpath -m "$CARGO_TARGET_DIR")

# The replay of what fuzzing found has one thread, and takes a quarter of an hour here.
cargo test -Zbuild-std --target $TARGET --quiet -p overt --lib "${TESTS[@]/#/--test=}" -- --skip what_was_found_so_far

cargo rustc -Zbuild-std --target $TARGET --quiet -p overt-ffi --lib --crate-type staticlib
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for program in "${PROGRAMS[@]}"; do
  gcc -std=c99 -g -fsanitize=thread -Iinclude -c "tests/c/$program.c" -o "$scratch/$program.o"
  # The compiler's own runtime, which is what the library was built for.
  g++ -no-pie "$scratch/$program.o" "$CARGO_TARGET_DIR/$TARGET/debug/libovert.a" -Wl,--whole-archive \
    "$sysroot/lib/rustlib/$TARGET/lib/"librustc-*_rt.tsan.a -Wl,--no-whole-archive -lpthread -ldl -lm -lrt \
    -o "$scratch/$program"
  "$scratch/$program" "$scratch/$program.state"
  echo "$program: no race"
done
