#!/bin/sh
# Builds the package and installs it into target/venv.
exec "$(dirname "$0")/../../../bindings/python/install.sh"
