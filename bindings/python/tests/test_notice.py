"""The first-run notice, on a real terminal: once, before anything is recorded."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from conftest import KEPT, RunPython
from recording import Server

NOTICE = "starfish counts its runs. STARFISH_TELEMETRY=0 stops it."

PROGRAM = """
import overt
client = overt.Client(**{options!r})
client.capture_event("run")
client.flush(60)
print(client.consent.reason)
"""


def options(server: Server, state_dir: Path) -> dict[str, object]:
    usual = {"app": "starfish", "api_key": "phc_test", "endpoint": server.url, "state_dir": str(state_dir)}
    return {**usual, "consent_env": "STARFISH_TELEMETRY", "notice": NOTICE}


def at_a_terminal(server: Server, state_dir: Path, **environment: str) -> tuple[str, str]:
    """What a run says on stdout, a pipe, and on stderr, a terminal."""
    ours, theirs = pty.openpty()
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    code = PROGRAM.format(options=options(server, state_dir))
    ran = subprocess.run(
        [sys.executable, "-c", code], env={**kept, **environment}, stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    os.close(theirs)
    assert ran.returncode == 0
    seen = b""
    try:
        while block := os.read(ours, 4096):
            seen += block
    except OSError:  # Linux's way to say that the other side is closed
        pass
    os.close(ours)
    return ran.stdout.strip(), seen.decode().replace("\r\n", "\n").strip()


def test_it_is_shown_once_and_then_the_default_counts(server: Server, state_dir: Path) -> None:
    assert at_a_terminal(server, state_dir) == ("default", NOTICE)
    assert at_a_terminal(server, state_dir) == ("default", "")
    assert server.names == ["run", "run"]


def test_while_nobody_can_see_it_nothing_is_recorded(server: Server, state_dir: Path, run_python: RunPython) -> None:
    answer = run_python(PROGRAM.format(options=options(server, state_dir)))
    assert (answer.stdout, answer.stderr) == ("no_notice\n", "")
    assert at_a_terminal(server, state_dir, CI="true") == ("ci", "")
    assert not server.requests
    assert not state_dir.exists()


def test_who_has_said_something_is_told_nothing(server: Server, state_dir: Path) -> None:
    assert at_a_terminal(server, state_dir, STARFISH_TELEMETRY="0") == ("tool_variable", "")
    assert not state_dir.exists()
    assert at_a_terminal(server, state_dir, STARFISH_TELEMETRY="1") == ("tool_variable", "")
    assert server.names == ["run"]
