#!/usr/bin/env bash
# Asks cargo-deny about every crate of the workspace: licences, bans, sources (deny.toml), and known vulnerabilities, for
# which it fetches the RustSec advisories from GitHub. Not part of `make test`: cargo-deny takes minutes to build, and
# no registry has the advisories. What is shipped is held to tests/abi/dependencies.txt by every test run.
set -euo pipefail
cd "$(dirname "$0")/.."
deny=target/tools/bin/cargo-deny
[ -x "$deny" ] || cargo install --quiet --locked --root target/tools cargo-deny
"$deny" --all-features check licenses bans sources
"$deny" --all-features check advisories
