"""Every way in which a Python program can end: as it would without overt, at once, and nothing is lost.

"At once" needs no clock: the server answers nobody before the program is seen to have ended, and any wait for it would
outlast the patience of the test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import KEPT, MakeClient
from recording import Server

PATIENCE = 60.0

# Tells of each event by one write, in a file: what a program says on stdout or stderr would be overt's.
PROGRAM = """
import atexit, os, signal, sys, threading, time
sys.excepthook = lambda *_: None
log = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def record(name):
    uuid = client.capture_event(name)
    if uuid:
        os.write(log, (uuid + "\\n").encode())
def record_on():
    while True:
        record("on")
def start(daemon, target):
    threading.Thread(target=target, daemon=daemon).start()
def record_for_a_while():
    for _ in range(200):
        record("on")
{before}
import overt
options = {options!r}
client = overt.Client(**options)
record("first")
sys.stdin.read()
record("last")
{end}
"""

# What ends it, with which code, and what comes before overt is imported.
WAYS: dict[str, tuple[str, int, str]] = {
    "normal end": ("", 0, ""),
    "sys.exit": ("sys.exit(3)", 3, ""),
    "os._exit": ("os._exit(4)", 4, ""),
    "an exception that nobody handles": ("raise RuntimeError", 1, ""),
    "exec": ("os.execv('/bin/sh', ['sh', '-c', 'exit 6'])", 6, ""),
    "os.abort": ("os.abort()", -signal.SIGABRT, ""),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, ""),
    "SIGINT": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(600)", -signal.SIGINT, ""),
    "SIGKILL": ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
    "daemon threads that record": ("[start(True, record_on) for _ in range(3)]", 0, ""),
    "threads that outlive main": ("[start(False, record_for_a_while) for _ in range(3)]", 0, ""),
    "a late hook": ("", 0, "atexit.register(lambda: record('late'))"),
    "a late hook that ends it": ("", 9, "atexit.register(lambda: (record('late'), os._exit(9)))"),
    "a forked child": ("pid = os.fork(); record('both'); pid and os.waitpid(pid, 0)", 0, ""),
}

Ended = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def end(server: Server, state_dir: Path, tmp_path: Path) -> Ended:
    """Runs a program that ends in this way as soon as its first request has come."""

    def run(way: str, **more: Any) -> subprocess.CompletedProcess[str]:
        code, _, before = WAYS[way]
        options: dict[str, Any] = {"app": "starfish", "api_key": "phc_test", "endpoint": server.url}
        options |= {"state_dir": str(state_dir), "flush_at": 1, "timeout": 600, "connect_timeout": 600} | more
        text = textwrap.dedent(PROGRAM).format(log=str(tmp_path / "log"), options=options, end=code, before=before)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-c", text],
            env={**kept, "HOME": str(tmp_path / "home")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            server.wait_for(len(server.events) + 1)
            # Until its pipes end: nobody may hold them longer than it lives.
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run


def recorded(tmp_path: Path) -> set[str]:
    return set((tmp_path / "log").read_text().split())


def arrivals(server: Server, since: int) -> Counter[str]:
    return Counter(event["uuid"] for request in server.requests[since:] for event in request.body["batch"])


@pytest.mark.parametrize("way", WAYS)
def test_while_a_server_never_answers(
    end: Ended, server: Server, make_client: MakeClient, tmp_path: Path, way: str
) -> None:
    server.gate.clear()
    answer = end(way)
    assert (answer.returncode, answer.stdout, answer.stderr) == (WAYS[way][1], "", "")
    assert not server.gate.is_set(), "it ended before anything was answered"
    unanswered = len(server.requests)
    server.gate.set()
    assert make_client().flush(PATIENCE)
    arrived = arrivals(server, unanswered)
    assert len(recorded(tmp_path)) >= 2
    assert recorded(tmp_path) <= set(arrived)
    assert set(arrived.values()) == {1}


@pytest.mark.parametrize("way", WAYS)
def test_while_a_server_answers(end: Ended, server: Server, make_client: MakeClient, tmp_path: Path, way: str) -> None:
    answer = end(way)
    assert (answer.returncode, answer.stdout, answer.stderr) == (WAYS[way][1], "", "")
    assert make_client().flush(PATIENCE)
    assert recorded(tmp_path) <= set(arrivals(server, 0))
    # A thread that is stopped between an answer and the note of it: that one request is made again, under its UUIDs.
    first: dict[str, set[int]] = {}
    for number, request in enumerate(server.requests):
        for event in request.body["batch"]:
            first.setdefault(event["uuid"], set()).add(number)
    twice = {min(numbers) for numbers in first.values() if len(numbers) > 1}
    assert len(twice) <= (2 if way == "a forked child" else 1)
    assert max(len(numbers) for numbers in first.values()) <= 2


def exits_in_vain(state_dir: Path) -> int:
    [spool] = (state_dir / "spool").iterdir()
    return int((spool / "cooldown").read_text().split()[0])


def test_each_exit_in_vain_leaves_the_next_less_time(end: Ended, server: Server, state_dir: Path) -> None:
    server.gate.clear()
    for in_vain in (1, 2, 3):
        answer = end("a late hook", exit_timeout=0.3)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
        assert exits_in_vain(state_dir) == in_vain


@pytest.mark.parametrize("way", ["normal end", "sys.exit", "an exception that nobody handles", "a late hook"])
def test_an_exit_timeout_brings_everything_in(end: Ended, server: Server, tmp_path: Path, way: str) -> None:
    answer = end(way, exit_timeout=PATIENCE)
    assert (answer.returncode, answer.stdout, answer.stderr) == (WAYS[way][1], "", "")
    assert arrivals(server, 0) == Counter(recorded(tmp_path))


def test_a_ctrl_c_ends_all_waits_at_exit(end: Ended, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.gate.clear()
    # The hook runs before overt's, and the signal comes while that one waits.
    code = """
begun = threading.Event()
atexit.register(begun.set)
other = overt.Client(**{**options, "app": "other"})
other.capture_event("first")
start(True, lambda: (begun.wait(), time.sleep(1), os.kill(os.getpid(), signal.SIGINT)))
"""
    monkeypatch.setitem(WAYS, "impatient", (code, 0, ""))
    answer = end("impatient", exit_timeout=600)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
