"""Somebody says off, and later on again, in another terminal, while a program runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import KEPT, MakeClient
from recording import Server

PATIENCE = 60.0

PROGRAM = """
import sys, overt
client = overt.Client(**{options!r})
for word in map(str.strip, sys.stdin):
    if word == "capture":
        print(client.capture_event("run"), flush=True)
    elif word == "flush":
        print(client.flush(60), flush=True)
    else:
        print(client.client_id, flush=True)
"""


class Running:
    """A program in another process that does as it is told."""

    def __init__(self, options: dict[str, object], home: Path) -> None:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(options=options)],
            env={**kept, "HOME": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tell(self, word: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def capture_until_off(self) -> None:
        """It looks once a second whether somebody has changed their mind."""
        end = time.monotonic() + PATIENCE
        while (answer := self.tell("capture")) != "None":
            assert time.monotonic() < end, answer
            time.sleep(0.05)

    def end(self) -> None:
        out, err = self.process.communicate(timeout=PATIENCE)
        assert (self.process.returncode, out, err) == (0, "", "")


Start = Callable[..., Running]
Overt = Callable[[str], None]


@pytest.fixture
def start(server: Server, state_dir: Path, tmp_path: Path) -> Iterator[Start]:
    started = []

    def run(**options: object) -> Running:
        usual = {"app": "starfish", "api_key": "phc_test", "endpoint": server.url, "state_dir": str(state_dir)}
        running = Running({**usual, **options}, tmp_path / "home")
        started.append(running)
        return running

    yield run
    for running in started:
        running.process.kill()
        running.process.communicate()


@pytest.fixture
def overt_command(state_dir: Path) -> Overt:
    """The command of another terminal."""

    def run(verb: str) -> None:
        command = [sys.executable, "-m", "overt", verb, "--app", "starfish", "--state-dir", str(state_dir)]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)

    return run


def files(state_dir: Path) -> list[str]:
    return sorted(path.name for path in state_dir.rglob("*") if path.is_file())


def test_off_erases_everything_and_stops_what_runs(
    start: Start, overt_command: Overt, make_client: MakeClient, server: Server, state_dir: Path
) -> None:
    # What an earlier run left offline, for two destinations, and what two others have just recorded.
    assert make_client().capture_event("earlier")
    assert make_client(endpoint="http://127.0.0.1:9").capture_event("elsewhere")
    one, other = start(background=False), start(background=False)
    assert one.tell("capture") != "None"
    assert other.tell("capture") != "None"
    overt_command("off")
    assert files(state_dir) == ["consent"]
    for running in (one, other):
        running.capture_until_off()
        assert running.tell("flush") == "True"
        assert running.tell("id") == "None"
        running.end()
    assert files(state_dir) == ["consent"]
    assert server.requests == []


def test_on_again_starts_clean(start: Start, overt_command: Overt, server: Server) -> None:
    running = start(background=False)
    before = running.tell("id")
    old = running.tell("capture")
    overt_command("off")
    running.capture_until_off()
    overt_command("on")
    later = start(background=False)
    new = later.tell("capture")
    after = later.tell("id")
    assert after not in ("None", before)
    assert later.tell("flush") == "True"
    # Who was stopped stays so: nobody has asked them again.
    assert running.tell("capture") == "None"
    assert running.tell("flush") == "True"
    running.end()
    later.end()
    assert [(event["uuid"], event["distinct_id"]) for event in server.events] == [(new, after)]
    assert old != new


def test_a_request_that_is_under_way_is_the_last(start: Start, overt_command: Overt, server: Server) -> None:
    server.gate.clear()
    server.statuses = [503]
    running = start(flush_at=1)
    assert running.tell("capture") != "None"
    server.wait_for(1)
    overt_command("off")
    server.gate.set()
    running.tell("flush")
    running.capture_until_off()
    running.end()
    assert len(server.requests) == 1


def test_after_a_pause_nothing_is_tried_again(start: Start, overt_command: Overt, server: Server) -> None:
    # The pause after the fourth attempt lasts 1.6 s: the choice falls into that, or the next, of 3.2 s.
    server.statuses = [503]
    running = start(flush_at=1, max_retries=7)
    assert running.tell("capture") != "None"
    server.wait_for(4)
    overt_command("off")
    sent = len(server.requests)
    running.tell("flush")
    running.capture_until_off()
    running.end()
    assert len(server.requests) == sent
