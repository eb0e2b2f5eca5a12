"""The real posthog packages, run in processes of their own, to be compared with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
PEERS = HERE.parents[1] / "target" / "peers"
ENVIRONMENT = dict(os.environ)  # as it was before the tests emptied it: pip may need a proxy or an index
VERSIONS = ("2.5.0", "3.25.0", "5.4.0", "7.91.1")
OLD, NEWEST = VERSIONS[1], VERSIONS[-1]


def install() -> None:
    """Installs the peers, unless they are there."""
    subprocess.run([HERE / "peers.sh"], env={**ENVIRONMENT, "PYTHON": sys.executable}, check=True, timeout=600)


def run(version: str, code: str, *arguments: str) -> Any:
    """What a program prints as JSON, in which `posthog` is the real package of that version."""
    install()
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PEERS / f"posthog-{version}"), str(PEERS / "shared")])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)
