#!/bin/sh
# Builds the library and the adapter. CC says with which compiler.
set -eu
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
library=$target/debug

cargo build --quiet --locked --package overt-ffi --manifest-path "$root/Cargo.toml" --target-dir "$target"
# The name that programs are linked to.
ln -sf libovert.so "$library/libovert.so.0"
mkdir -p "$target/conformance"
"${CC:-cc}" -std=c99 -Wall -Wextra -Wpedantic -Werror -g -I "$root/include" *.c \
    -o "$target/conformance/adapter-c" -L "$library" -lovert -pthread "-Wl,-rpath,$library"
