#!/usr/bin/env bash
# Builds the adapter; says nothing when all is well.
set -euo pipefail
cd "$(dirname "$0")/../../.."
exec cargo build --quiet -p overt-conformance-rust
