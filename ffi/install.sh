#!/bin/sh
# Builds libovert and installs it for C and C++:
#
#     ffi/install.sh PREFIX [LIBDIR]        LIBDIR defaults to PREFIX/lib
#
# OVERT_PROFILE is cargo's profile (default release). DESTDIR stands before every path that is written, for packagers.
# Untested but on Linux; elsewhere install the files that cargo builds.
set -eu

prefix=${1:?usage: install.sh PREFIX [LIBDIR]}
libdir=${2:-$prefix/lib}
profile=${OVERT_PROFILE:-release}
root=$(cd "$(dirname "$0")/.." && pwd)
built=${CARGO_TARGET_DIR:-$root/target}/$profile
header=$root/include/overt.h

version=$(sed -n 's/^#define OVERT_VERSION "\(.*\)"$/\1/p' "$header")
abi=$(sed -n 's/^#define OVERT_ABI_VERSION //p' "$header")

case $profile in
  debug) (cd "$root" && cargo build --quiet -p overt-ffi) ;;
  *) (cd "$root" && cargo build --quiet -p overt-ffi --profile "$profile") ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# rustc's archive holds a whole standard library, whose symbols clash with those of a second Rust archive in the same
# program. So it is linked to one object, without what no export needs, in which only the exports stay global. Through
# the compiler, because a bare ld lets an LLVM plugin of the system's, if there is one, try to read Rust's bitcode.
grep -v '^#' "$root/tests/abi/symbols.txt" | cut -d' ' -f1 >"$scratch/exports"
# shellcheck disable=SC2046 # one argument for each export is what is wanted
"${CC:-cc}" -r -nostdlib -Wl,--gc-sections -Wl,--force-group-allocation $(sed 's/^/-Wl,-u,/' "$scratch/exports") \
  -o "$scratch/overt.o" "$built/libovert.a"
objcopy --keep-global-symbols="$scratch/exports" --remove-section='.llvm*' "$scratch/overt.o"
# Also takes away undefined symbols whose users are gone: ld leaves weak ones as strong ones, which would spoil the weak
# ones of another Rust archive.
objcopy --strip-unneeded "$scratch/overt.o"
ar crs "$scratch/libovert.a" "$scratch/overt.o"

# fill_in TEMPLATE TARGET
fill_in() {
  sed -e "s|@PREFIX@|$prefix|g" -e "s|@LIBDIR@|$libdir|g" -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" \
    "$root/ffi/install/$1" >"$scratch/filled"
  install -D -m 644 "$scratch/filled" "${DESTDIR:-}$2"
}

lib=${DESTDIR:-}$libdir
install -D -m 755 "$built/libovert.so" "$lib/libovert.so.$version"
ln -sf "libovert.so.$version" "$lib/libovert.so.$abi"
ln -sf "libovert.so.$abi" "$lib/libovert.so"
install -D -m 644 "$scratch/libovert.a" "$lib/libovert.a"
install -D -m 644 "$header" "${DESTDIR:-}$prefix/include/overt.h"
fill_in overt.pc.in "$libdir/pkgconfig/overt.pc"
fill_in overt-config.cmake.in "$libdir/cmake/overt/overt-config.cmake"
fill_in overt-config-version.cmake.in "$libdir/cmake/overt/overt-config-version.cmake"
