#!/usr/bin/env bash
# Checks the types of the dashboard and writes it to overt-cli.json; with --check it only compares.
set -euo pipefail
cd "$(dirname "$0")"

built=../../target/dashboards
# What was installed stays until the lock file is another one.
if ! cmp -s package-lock.json node_modules/.installed-from; then
  npm ci --silent --no-audit --no-fund --ignore-scripts || {
    echo "dashboards: npm could not install what package-lock.json names (is the registry reachable?)" >&2
    exit 1
  }
  cp package-lock.json node_modules/.installed-from
fi
mkdir -p "$built"
echo '{"type": "module"}' >"$built/package.json"
node_modules/.bin/tsc --strict --noEmit
node_modules/.bin/tsc --outDir "$built"
node emit.mjs "$built" >"$built/overt-cli.json"
if [ "${1:-}" = --check ]; then
  cmp "$built/overt-cli.json" overt-cli.json || {
    echo "dashboards: overt-cli.json is not what overt-cli.ts says: run collector/dashboards/make.sh" >&2
    exit 1
  }
else
  cp "$built/overt-cli.json" overt-cli.json
fi
