#!/usr/bin/env bash
# The collector against a real Graphite, and the Grafana dashboard: its types, its JSON, and what its queries answer.
# Grafana itself is not run: how the dashboard looks in it is not tested.
set -euo pipefail
cd "$(dirname "$0")/../.."

collector/dashboards/make.sh --check
cargo build --quiet -p overt-collector
python3 tests/graphite/check.py
