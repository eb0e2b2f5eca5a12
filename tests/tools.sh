#!/usr/bin/env bash
# Sees to the programs that the build and the tests need; with the argument `graphite` also to those of the tests
# against a real Graphite, which are 100 MB and needed by nobody else. What Debian packages is installed where that is
# possible; what is missing otherwise is named, one line each. (Go is seen to by bindings/go/check.sh, Python's tools by
# bindings/python/check.sh: both come from PyPI.)
set -euo pipefail

missing=()
packages=()

need() { # need PROGRAM PACKAGE
  command -v "$1" >/dev/null 2>&1 && return
  missing+=("$1")
  packages+=("$2")
}

need gcc gcc
need g++ g++
need ld binutils
need make make
need python3 python3
need pkg-config pkg-config
need cmake cmake
need strace strace
need valgrind valgrind
if [ "${1:-}" = graphite ]; then
  need carbon-cache graphite-carbon
  need graphite-manage graphite-web
  need node nodejs
  need npm npm
fi

if [ "${#packages[@]}" -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing: ${packages[*]}"
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  missing=()
fi

for program in "${missing[@]}"; do
  echo "missing: $program" >&2
done
if ! command -v cargo >/dev/null 2>&1; then
  echo "missing: cargo (Rust 1.89 or later, see https://rustup.rs)" >&2
  missing+=(cargo)
fi
if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "missing: Python 3.10 or later with venv (Debian packages python3 and python3-venv)" >&2
  missing+=(python3)
fi
[ "${#missing[@]}" = 0 ]
