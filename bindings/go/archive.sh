#!/bin/sh
# Puts into this module, or a copy of it, what makes `go get` and `go build` work without an installed library:
#
#     bindings/go/archive.sh [MODULE]          MODULE defaults to this directory
#     bindings/go/archive.sh --check [MODULE]  says whether what lies there fits: this header, these symbols, whole
#     bindings/go/archive.sh --fresh [MODULE]  says whether it was made of exactly these sources, too
#
#     overt.h                         the header, because a module has nothing from outside its directory
#     lib/linux_amd64/libovert.a      the prelinked archive; other platforms need machines of their own
#     lib/linux_amd64/SOURCE          of what it was made: version, sources, compiler, and its checksum
#
# They are committed when the header changes and before a release, and not with every change of the core: each archive
# adds 1.4 MB to the repository for good. Anybody can make it again and compare: the same sources and compiler give the same
# bytes. OVERT_PROFILE is cargo's profile (default release).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
check=
case ${1:-} in --check | --fresh) check=$1 && shift ;; esac
module=$(cd "${1:-$root/bindings/go}" && pwd)
lib=$module/lib/linux_amd64
profile=${OVERT_PROFILE:-release}
say() { echo "archive.sh: $1" >&2; }

# What the archive is made of, whether it is committed or not.
sources() {
    cd "$root"
    git ls-files -z Cargo.toml Cargo.lock core/src core/Cargo.toml ffi include tests/abi/symbols.txt |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
describe() {
    sed -n 's/^#define OVERT_VERSION "\(.*\)"$/version \1/p' "$root/include/overt.h"
    echo "sources $(sources)"
    echo "profile $profile"
    echo "compiler $(rustc --version)"
    echo "sha256 $(sha256sum <"$lib/libovert.a" | cut -d' ' -f1)"
}

if [ -n "$check" ]; then
    [ -f "$lib/libovert.a" ] || { say "there is no archive in $module"; exit 1; }
    cmp -s "$root/include/overt.h" "$module/overt.h" || { say "overt.h is another"; exit 1; }
    [ "$(sed -n 's/^sha256 //p' "$lib/SOURCE")" = "$(sha256sum <"$lib/libovert.a" | cut -d' ' -f1)" ] ||
        { say "libovert.a is not what SOURCE says"; exit 1; }
    if [ "$check" = --fresh ]; then
        describe | diff "$lib/SOURCE" - || { say "libovert.a was made of something else"; exit 1; }
    fi
    nm -g --defined-only "$lib/libovert.a" | awk 'NF == 3 { print $3 }' | LC_ALL=C sort >"$lib/.exports"
    grep -v '^#' "$root/tests/abi/symbols.txt" | cut -d' ' -f1 | LC_ALL=C sort | diff "$lib/.exports" - ||
        { rm "$lib/.exports"; say "libovert.a exports something else"; exit 1; }
    rm "$lib/.exports"
    exit 0
fi

[ "$(uname -sm)" = "Linux x86_64" ] || { say "made on Linux x86-64 only"; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
target=${CARGO_TARGET_DIR:-$root/target}
if [ "$profile" = release ]; then
    # Paths of this machine do not belong into what others ship.
    target=$target/go-archive
    home=${CARGO_HOME:-$HOME/.cargo}
    for from in "$root=overt" "$home=cargo" $(printf '%s=crates\n' "$home"/registry/src/*); do
        RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$from"
        CFLAGS="${CFLAGS:-} -ffile-prefix-map=$from"
    done
    export RUSTFLAGS CFLAGS
fi
CARGO_TARGET_DIR=$target OVERT_PROFILE=$profile DESTDIR=$scratch "$root/ffi/install.sh" /overt
install -D -m 644 "$scratch/overt/lib/libovert.a" "$lib/libovert.a"
install -m 644 "$root/include/overt.h" "$module/overt.h"
describe >"$lib/SOURCE"
