"""What every test gets: a server, a state directory, and an environment in which nobody has said anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import overt
from recording import Server

# What is left of the environment: all else could mean CI, an agent, a proxy or a choice.
KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")

MakeClient = Callable[..., overt.Client]
RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in set(os.environ) - {*KEPT, "PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def make_client(server: Server, state_dir: Path) -> Iterator[MakeClient]:
    """Makes clients that deliver only when they are asked to, so that no test depends on time."""
    clients = []

    def make(**options: Any) -> overt.Client:
        usual: dict[str, Any] = {
            "app": "starfish",
            "api_key": "phc_test",
            "endpoint": server.url,
            "state_dir": state_dir,
            "background": False,
        }
        client = overt.Client(**{**usual, **options})
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close(0)


@pytest.fixture
def client(make_client: MakeClient) -> overt.Client:
    return make_client()


def recorded(client: overt.Client) -> list[tuple[str, dict[str, Any]]]:
    """Names and properties of the events that wait, without what every event carries."""
    events = [json.loads(line) for line in client.pending()]
    usual = ("$", "agent", "arch", "ci")
    return [
        (event["event"], {key: value for key, value in event["properties"].items() if not key.startswith(usual)})
        for event in events
    ]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is to be delivered is delivered, however slow the machine is today."""
    for limit in ("FLUSH_SECONDS", "SHUTDOWN_SECONDS"):
        monkeypatch.setattr(f"overt.posthog._client.{limit}", 60.0)


@pytest.fixture
def posthog(server: Server, state_dir: Path) -> Iterator[ModuleType]:
    """`overt.posthog`, set up for the test's server; whatever a test sets there is as it was afterwards."""
    import overt.posthog

    before = dict(vars(overt.posthog))
    settings: dict[str, Any] = {"project_api_key": "phc_test", "host": server.url}
    settings |= {"state_dir": state_dir, "background": False, "default_client": None}
    for name, value in settings.items():
        setattr(overt.posthog, name, value)
    yield overt.posthog
    vars(overt.posthog).clear()
    vars(overt.posthog).update(before)
    vars(overt.posthog._own_client).pop("_used_clients", None)
    overt.posthog._own_client._forget_destinations()


@pytest.fixture
def run_python(server: Server, state_dir: Path, tmp_path: Path) -> RunPython:
    """Runs a program in which `options` are those of a client for the test's server."""

    def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        options = {"app": "starfish", "api_key": "phc_test", "endpoint": server.url, "state_dir": str(state_dir)}
        program = f"options = {options!r}\n" + textwrap.dedent(code)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**kept, "HOME": str(tmp_path / "home"), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
