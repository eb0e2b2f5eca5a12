#!/bin/sh
# Builds the wheel and installs it into an environment of its own, target/venv, together with the tools that
# requirements-dev.txt pins. OVERT_PROFILE=release builds what people get; the default is quick.
set -eu
cd "$(dirname "$0")"
target=$(cd ../.. && pwd)/target
venv=$target/venv
say() { echo "bindings/python: $1" >&2; }

command -v cargo >/dev/null || { say "cargo is missing"; exit 1; }
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
# The copy of the list is made last, so that an interrupted run begins anew.
if [ ! -x "$venv/bin/python" ] || ! cmp -s requirements-dev.txt "$venv/installed.txt"; then
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null || { say "$python is missing"; exit 1; }
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { say "$python is older than 3.10"; exit 1; }
    "$python" -c 'import venv, ensurepip' 2>/dev/null || { say "$python lacks venv (Debian: python3-venv)"; exit 1; }
    "$python" -m venv --clear "$venv"
    pip install -r requirements-dev.txt || { say "the tools of requirements-dev.txt cannot be installed"; exit 1; }
    cp requirements-dev.txt "$venv/installed.txt"
fi
# The oldest click and Typer that overt.commands works with, beside the newest.
if ! cmp -s requirements-oldest.txt "$target/oldest/installed.txt"; then
    rm -rf "$target/oldest"
    pip install --no-deps --target "$target/oldest" -r requirements-oldest.txt || { say "requirements-oldest.txt cannot be installed"; exit 1; }
    cp requirements-oldest.txt "$target/oldest/installed.txt"
fi

profile=${OVERT_PROFILE:-dev}
wheels=$target/wheels/$profile
rm -rf "$wheels"
log=$target/wheel.log
"$venv/bin/python" -m maturin build --quiet --locked --profile "$profile" --target-dir "$target" \
    --compression-level 9 --interpreter "$venv/bin/python" --out "$wheels" >"$log" 2>&1 || { cat "$log" >&2; say "the wheel cannot be built"; exit 1; }
pip install --force-reinstall --no-deps "$wheels"/*.whl
