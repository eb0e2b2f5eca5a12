#!/bin/sh
# Runs every check of this binding, against the package as it is built now. Arguments go to pytest.
set -eu
cd "$(dirname "$0")"
./install.sh
python=../../target/venv/bin/python

programs="../../examples ../../benches/python ../../tests/conformance/python ../../tests/graphite"
# shellcheck disable=SC2086 # several directories
"$python" -m ruff check --quiet . $programs
# shellcheck disable=SC2086 # several directories
"$python" -m ruff format --quiet --check . $programs || {
    echo "bindings/python/check.sh: run, in bindings/python: ruff format . $programs" >&2
    exit 1
}
"$python" -m mypy --no-error-summary
"$python" -m mypy.stubtest --concise --allowlist stubtest.txt overt
"$python" -m pytest -q "$@"
PYTHONPATH=../../target/oldest "$python" -m pytest -q tests/test_commands_click.py tests/test_commands_typer.py
