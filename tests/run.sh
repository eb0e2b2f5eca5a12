#!/usr/bin/env bash
# Runs the named parts of the tests in turn, says what is running and how long it took, and ends at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."

# Consent depends on these; a test that wants one sets it.
unset CI TELEMETRY_ENABLED DO_NOT_TRACK OVERT_DEBUG

lint() {
  cargo fmt --check
  cargo fmt --check --manifest-path fuzz/Cargo.toml
  cargo clippy --workspace --all-targets --quiet -- -D warnings
  cargo clippy -p overt --all-targets --features brotli --quiet -- -D warnings
  cargo clippy -p overt-cli --lib --no-default-features --quiet -- -D warnings
  tests/dependencies.py
}

rust() { # the core, the C ABI with its C programs, the command and the collector
  cargo build --workspace --quiet
  cargo test --workspace --quiet
  cargo test -p overt --lib --features brotli --quiet wire
}

python() { bindings/python/check.sh; }

go() { bindings/go/check.sh; }

conformance() { tests/conformance/run.sh; } # one contract, the front door of each language

graphite() { # the collector against a real Graphite, and the dashboard's queries
  tests/tools.sh graphite
  tests/graphite/run.sh
}

demo() { examples/demo.sh; }

started=$SECONDS
for part in "$@"; do
  echo "=== $part"
  begun=$SECONDS
  "$part"
  echo "=== $part: passed in $((SECONDS - begun)) s"
done
echo "=== all passed in $((SECONDS - started)) s: $*"
