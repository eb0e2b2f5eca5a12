"""`python -m overt`: people see, trust and stop a tool's telemetry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import overt
from conftest import MakeClient
from overt.__main__ import VERBS
from recording import Server


def command(*arguments: str, state_dir: Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "overt", *arguments, "--app", "starfish", "--state-dir", str(state_dir)]
    return subprocess.run(call, env=os.environ, capture_output=True, text=True, timeout=120, check=False)


def test_what_waits_can_be_seen_and_sent(make_client: MakeClient, server: Server, state_dir: Path) -> None:
    client = make_client()
    client.capture_event("grüße", {"n": 1})
    assert "grüße" in command("show", state_dir=state_dir).stdout
    status = command("status", "--json", state_dir=state_dir)
    assert (status.returncode, status.stderr) == (0, "")
    assert json.loads(status.stdout)["destinations"][0]["pending"] == 1
    assert command("flush", "--timeout", "30", state_dir=state_dir).returncode == 0
    assert server.names == ["grüße"]


def test_off_stops_and_erases(make_client: MakeClient, state_dir: Path) -> None:
    before = make_client()
    assert before.capture_event("e")
    assert before.salted_hash("text")
    assert command("off", state_dir=state_dir).returncode == 0
    later = make_client()
    assert later.consent == (False, "stored")
    assert later.pending() == []
    assert not (state_dir / "salt").exists()
    assert command("on", state_dir=state_dir).returncode == 0
    assert make_client().consent == (True, "stored")


def test_reset_changes_the_client_id(make_client: MakeClient, state_dir: Path) -> None:
    before = make_client().client_id
    assert command("reset", state_dir=state_dir).returncode == 0
    assert make_client().client_id != before


@pytest.mark.parametrize("arguments", [[], ["fly"], ["status", "--typo"]])
def test_misuse_is_exit_code_two(arguments: list[str], state_dir: Path) -> None:
    answer = command(*arguments, state_dir=state_dir)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("usage: python -m overt")


def test_every_verb_is_known_to_the_native_module(tmp_path: Path) -> None:
    from overt._overt import command as native

    for verb in VERBS:
        exit_code, out, err = native(verb, "starfish", tmp_path, json=True, timeout=0)
        assert (type(exit_code), type(out), type(err)) == (int, str, str)
    with pytest.raises(ValueError, match="verb"):
        native("fly", "starfish")
    assert native("status", "no/app")[0] == 2


def test_a_reader_that_has_enough_is_no_error(make_client: MakeClient, state_dir: Path) -> None:
    client = make_client()
    for _ in range(300):
        client.capture_event("e", {"text": "x" * 500})
    call = f"{sys.executable} -m overt show --app starfish --state-dir {state_dir} | head -c 10"
    answer = subprocess.run(call, shell=True, capture_output=True, timeout=120, check=True)
    assert (len(answer.stdout), answer.stderr) == (10, b"")


def test_the_version_is_said_once() -> None:
    cargo = (Path(__file__).parents[3] / "Cargo.toml").read_text(encoding="utf-8")
    assert f'version = "{overt.__version__}"' in cargo.partition("[workspace.package]")[2]
