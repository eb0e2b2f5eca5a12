#!/bin/sh
# Runs every check of this binding, against the package as it is built now. Arguments go to pytest.
set -eu
cd "$(dirname "$0")"
./install.sh
python=../../target/venv/bin/python

"$python" -m ruff check --quiet . ../../examples/python ../../benches/python
"$python" -m ruff format --quiet --check . ../../examples/python ../../benches/python || {
    echo "bindings/python/check.sh: run: ruff format bindings/python examples/python benches/python" >&2
    exit 1
}
"$python" -m mypy --no-error-summary
"$python" -m mypy.stubtest --concise overt
"$python" -m pytest -q "$@"
