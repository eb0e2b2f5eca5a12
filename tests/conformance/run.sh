#!/usr/bin/env bash
# Plays the contract to the adapters that are named, or to all: run.sh [ADAPTER…] [-- WORD…]
# Words pick the cases whose name contains each of them. Every adapter is judged, also after one has failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

adapters=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  adapters+=("$1")
  shift
done
[ $# = 0 ] || shift
[ "${#adapters[@]}" -gt 0 ] || adapters=(rust c python go go-pure)

cargo build --quiet -p overt-judge
judge=${CARGO_TARGET_DIR:-target}/debug/overt-judge
failed=0
for adapter in "${adapters[@]}"; do
  lacks=()
  if [ "$adapter" = go-pure ]; then # Go without cgo
    lacks+=(--lacks v1 --lacks sam) # speaks version 0 alone
  fi
  "$here/$adapter/build.sh" &&
    "$judge" --contract "$here/contract.toml" --name "$adapter" --adapter "$here/$adapter/run" "${lacks[@]}" -- "$@" ||
    failed=1
done
exit "$failed"
