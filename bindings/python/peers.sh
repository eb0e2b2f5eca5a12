#!/bin/sh
# Installs the posthog packages that overt.posthog is compared with, each into a directory of its own under target/peers,
# once. Their versions are those after which the interface changed, and the newest one.
set -eu
cd "$(dirname "$0")"
target=$(cd ../.. && pwd)/target
peers=$target/peers
python=${PYTHON:-$target/venv/bin/python}

install() { # install DIRECTORY REQUIREMENT...: whole or not at all
    directory=$peers/$1
    shift
    [ -d "$directory" ] && return
    rm -rf "$directory.part"
    "$python" -m pip --disable-pip-version-check --quiet install --no-deps --no-compile --target "$directory.part" "$@" || {
        echo "bindings/python: cannot install $*" >&2
        exit 1
    }
    mv "$directory.part" "$directory"
}

mkdir -p "$peers"
for version in 2.5.0 3.25.0 5.4.0 7.91.1; do
    install "posthog-$version" "posthog==$version"
done
# What all of them need.
install shared backoff==2.2.1 certifi==2026.10.18 charset-normalizer==3.5.2 distro==1.9.0 idna==3.20 monotonic==1.6 \
    python-dateutil==2.9.0.post0 requests==2.34.2 six==1.17.0 typing-extensions==4.16.0 urllib3==2.8.0
