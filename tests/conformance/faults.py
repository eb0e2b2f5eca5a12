#!/usr/bin/env python3
"""Breaks the core on purpose, fault by fault, and shows that the contract notices each: faults.py [WORD…]

Works in a copy of the repository. For each fault of faults.toml whose name or case contains the words, the Rust adapter is
built with it and plays the fault's case, which must be red then, and green without any fault. Needs Python 3.11.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def copy_of_repository(to: pathlib.Path) -> None:
    """Everything that git knows or would take, as it is in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    for name in sorted(set(listed.stdout.split("\0")) - {""}):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def build(copy: pathlib.Path, target: pathlib.Path) -> None:
    """The judge and the adapter."""
    command = ["cargo", "build", "--quiet", "-p", "overt-judge", "-p", "overt-conformance-rust"]
    subprocess.run(command, cwd=copy, env=environment(target), check=True, stderr=subprocess.PIPE, text=True)


def environment(target: pathlib.Path) -> dict[str, str]:
    # A fault may leave something unused; that is no news.
    return {**os.environ, "CARGO_TARGET_DIR": str(target), "RUSTFLAGS": "-Awarnings"}


def red(copy: pathlib.Path, target: pathlib.Path, case: str) -> bool:
    """Plays one case; whether it fails."""
    conformance = copy / "tests/conformance"
    command = [
        target / "debug/overt-judge", "--contract", conformance / "contract.toml", "--name", "rust",
        "--adapter", conformance / "rust/run", "--exact", case,
    ]
    played = subprocess.run(command, env=environment(target), capture_output=True, text=True)
    if played.returncode not in (0, 1):
        sys.exit(f"{case}: {played.stderr}")
    return played.returncode == 1


def verdict(copy: pathlib.Path, target: pathlib.Path, fault: dict[str, str]) -> str:
    """What became of a fault: `noticed` is what it should be."""
    file = copy / fault["file"]
    whole = file.read_text()
    if whole.count(fault["old"]) != 1:
        return "cannot be applied: its text does not stand there exactly once"
    try:
        file.write_text(whole.replace(fault["old"], fault["new"]))
        build(copy, target)
        return "noticed" if red(copy, target, fault["case"]) else "NOT NOTICED"
    except subprocess.CalledProcessError as error:
        return f"cannot be applied: it does not compile\n{error.stderr}"
    finally:
        file.write_text(whole)


def main() -> int:
    faults = tomllib.loads((HERE / "faults.toml").read_text())["fault"]
    chosen = [fault for fault in faults if all(word in fault["name"] + fault["case"] for word in sys.argv[1:])]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "faults"
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory)
        copy_of_repository(copy)
        build(copy, target)
        green = {case: not red(copy, target, case) for case in {fault["case"] for fault in chosen}}
        for fault in chosen:
            became = verdict(copy, target, fault) if green[fault["case"]] else "its case is red without it"
            failed += became != "noticed"
            print(f"{became}: {fault['name']}\n    by: {fault['case']}", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} faults were noticed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
