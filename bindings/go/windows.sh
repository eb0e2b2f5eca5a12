#!/bin/sh
# Runs the Go tests without cgo as Windows programs, under Wine. Not a part of `make test`: Wine is 700 MB, and is not Windows.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
say() { echo "bindings/go/windows.sh: $1" >&2; exit 1; }

# shellcheck source=find-go.sh
. "$root/bindings/go/find-go.sh"
WINE=${WINE:-wine}
command -v "$WINE" >/dev/null || say "wine is missing (Debian 13: apt-get install wine64), or name one by WINE"
version=$("$WINE" --version 2>/dev/null | sed -n 's/^wine-\([0-9]*\).*/\1/p')
# Go needs bcryptprimitives.dll, which Wine 8 does not have.
[ "${version:-0}" -ge 10 ] || say "wine 10 or later is needed, and $WINE is ${version:-none}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export WINEPREFIX="${WINEPREFIX:-$scratch/wine}" WINEDEBUG="${WINEDEBUG:--all}" GOOS=windows GOARCH=amd64 CGO_ENABLED=0
# Once, before packages are tested side by side.
"$WINE" wineboot --init >/dev/null 2>&1 || say "$WINE cannot make its directory $WINEPREFIX"
for module in . overtcobra; do
    (cd "$root/bindings/go/$module" && go vet ./... && go test -count=1 -exec "$WINE" "$@" ./...)
done
