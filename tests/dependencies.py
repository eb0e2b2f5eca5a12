#!/usr/bin/env python3
"""Compares what the shipped library and the wheel are made of with the list that was agreed on.

tests/abi/dependencies.txt has a line for each crate that is linked into libovert.so or the Python module on Linux: its
name, its version as far as semver lets it break things, and its licence. A crate that comes or goes, a licence that
nobody has read, a source other than crates.io: each is a decision for a person. `tests/dependencies.py --write` accepts
what there is.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests/abi/dependencies.txt"
SHIPPED = ("overt-ffi", "overt-python")
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def metadata() -> dict:
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def linked(workspace: dict) -> set[str]:
    """The IDs of the crates that are linked: what only builds, tests or writes code is not shipped."""
    nodes = {node["id"]: node for node in workspace["resolve"]["nodes"]}
    macros = {one["id"] for one in workspace["packages"] for target in one["targets"] if "proc-macro" in target["kind"]}
    waiting = [package["id"] for package in workspace["packages"] if package["name"] in SHIPPED]
    found: set[str] = set()
    while waiting:
        package = waiting.pop()
        if package not in found | macros:
            found.add(package)
            needs = nodes[package]["deps"]
            waiting += [one["pkg"] for one in needs if any(kind["kind"] is None for kind in one["dep_kinds"])]
    return found


def compatible(version: str) -> str:
    major, minor, _ = version.split(".", 2)
    return f"0.{minor}" if major == "0" else major


def main() -> int:
    workspace = metadata()
    ids = linked(workspace) - set(workspace["workspace_members"])
    crates = [one for one in workspace["packages"] if one["id"] in ids]
    strangers = [one["id"] for one in crates if one["source"] != REGISTRY]
    if strangers:
        print(f"not from crates.io: {', '.join(strangers)}", file=sys.stderr)
        return 1
    lines = sorted(f"{one['name']} {compatible(one['version'])}: {one['license'] or 'no licence'}" for one in crates)
    if "--write" in sys.argv[1:]:
        LIST.write_text("".join(f"{line}\n" for line in lines))
    agreed = LIST.read_text().splitlines()
    for line in sorted({*lines, *agreed}):
        if (line in lines) != (line in agreed):
            print(f"{'new' if line in lines else 'gone'}: {line}", file=sys.stderr)
    if lines != agreed:
        print("tests/dependencies.py --write accepts this", file=sys.stderr)
    return int(lines != agreed)


if __name__ == "__main__":
    sys.exit(main())
