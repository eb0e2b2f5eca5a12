"""The module's functions: a client for programs that have one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import overt
from recording import Server


@pytest.fixture
def options(server: Server, state_dir: Path) -> Iterator[dict[str, Any]]:
    overt._client = None
    yield {"app": "starfish", "api_key": "phc_test", "endpoint": server.url, "state_dir": state_dir}
    overt.shutdown(0)
    overt._client = None


@pytest.mark.usefixtures("options")
def test_before_init_nothing_happens() -> None:
    assert overt.capture_event("e", {"n": 1}, force=True) is None
    assert overt.flush() is True
    overt.shutdown()


def test_after_init_events_are_delivered(options: dict[str, Any], server: Server) -> None:
    client = overt.init(**options)
    uuid = overt.capture_event("e", {"n": 1}, distinct_id="d", options={"session_id": "s"})
    assert overt.flush(timeout=30) is True
    assert [(event["uuid"], event["distinct_id"]) for event in server.events] == [(uuid, "d")]
    assert client.stats.delivered == 1


def test_after_shutdown_events_wait_for_the_next_run(options: dict[str, Any], server: Server) -> None:
    overt.init(**options)
    overt.capture_event("first")
    overt.shutdown(timeout=30)
    assert overt.capture_event("late")
    assert server.names == ["first"]
    overt.init(**options)
    assert overt.flush(timeout=30)
    assert server.names == ["first", "late"]


def test_a_second_init_takes_the_place_of_the_first(options: dict[str, Any], server: Server) -> None:
    first = overt.init(**options, exit_timeout=30)
    overt.capture_event("first")
    overt.init(**{**options, "app": "other"}, consent=False)
    assert server.names == ["first"]
    assert overt.capture_event("second") is None
    assert first.capture_event("late")
    assert first.flush() is False  # it is closed


def test_misuse_is_an_error_and_changes_nothing(options: dict[str, Any]) -> None:
    overt.init(**options)
    with pytest.raises(overt.ConfigError, match=r"^app: "):
        overt.init(app="")
    assert overt.capture_event("e")


def test_the_functions_take_what_the_methods_take() -> None:
    for function, method in (
        (overt.capture_event, overt.Client.capture_event),
        (overt.flush, overt.Client.flush),
        (overt.shutdown, overt.Client.close),
    ):
        ours = [(name, one.kind, one.default) for name, one in inspect.signature(function).parameters.items()]
        theirs = [(name, one.kind, one.default) for name, one in inspect.signature(method).parameters.items()]
        assert ours == theirs[1:]
