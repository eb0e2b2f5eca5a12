"""Off is off, whoever says so, and each answer carries its reason."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

import overt
from conftest import MakeClient, RunPython
from recording import Server


@pytest.mark.parametrize(
    ("environment", "options", "consent"),
    [
        ({}, {}, (True, "default")),
        ({}, {"default_consent": False}, (False, "default")),
        ({}, {"consent": True, "default_consent": False}, (True, "host")),
        ({}, {"consent": False}, (False, "host")),
        ({}, {"api_key": ""}, (False, "no_api_key")),
        ({}, {"wire": "aws-sam", "api_key": ""}, (True, "default")),
        ({}, {"wire": "aws-sam", "endpoint": ""}, (False, "no_endpoint")),
        ({"CI": "1"}, {}, (False, "ci")),
        ({"CI": "1"}, {"in_ci": True}, (True, "default")),
        ({"TELEMETRY_ENABLED": "false"}, {"consent": True}, (False, "telemetry_enabled")),
        ({"TELEMETRY_ENABLED": "1"}, {"default_consent": False}, (True, "telemetry_enabled")),
        ({"DO_NOT_TRACK": "1"}, {}, (False, "do_not_track")),
        ({"DO_NOT_TRACK": "1"}, {"respect_do_not_track": False}, (True, "default")),
        ({"MINE": "no"}, {"consent_env": "MINE"}, (False, "tool_variable")),
        ({"MINE": "yes"}, {"consent_env": "MINE", "default_consent": False}, (True, "tool_variable")),
        ({"MINE": "yes"}, {"consent_env": "MINE=1"}, (False, "tool_variable")),
        ({"B": "1"}, {"consent_env": ("A", "B=1"), "default_consent": False}, (True, "tool_variable")),
    ],
)
def test_consent_has_a_reason(
    make_client: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    options: dict[str, Any],
    consent: tuple[bool, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = make_client(**options)
    assert client.consent == consent
    assert (client.consent.enabled, client.consent.reason) == consent
    assert bool(client.consent) is consent[0]
    assert bool(client.capture_event("e")) is consent[0]


def test_while_off_nothing_is_made_and_nothing_is_sent(
    run_python: RunPython, server: Server, state_dir: Path, tmp_path: Path
) -> None:
    code = """
        import os, threading, overt
        client = overt.Client(**options, exit_timeout=5)
        for _ in range(200):
            assert client.capture_event("e", {"n": 1}) is None
        assert client.client_id is None
        assert client.reset_client_id() is None
        assert client.flush() is True
        assert client.pending() == client.sent() == [] and client.losses() == {}
        assert len(os.listdir("/proc/self/task")) == 1 if os.path.isdir("/proc/self/task") else True
    """
    for environment in ({"TELEMETRY_ENABLED": "false"}, {"DO_NOT_TRACK": "1"}, {"CI": "true"}):
        answer = run_python(code, **environment)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert not state_dir.exists()
    assert not (tmp_path / "home").exists()
    assert server.requests == []


def test_a_callable_is_asked_at_each_capture(make_client: MakeClient) -> None:
    answer: bool | None = True
    asked: set[threading.Thread] = set()

    def consent() -> bool | None:
        asked.add(threading.current_thread())
        return answer

    client = make_client(consent=consent, default_consent=False, background=True, flush_at=1)
    recorded = []
    for said in (True, False, None, True):
        answer = said
        recorded.append(bool(client.capture_event("e")))
    assert recorded == [True, False, False, True]
    assert client.flush()
    assert asked == {threading.current_thread()}


def test_a_callable_that_raises_has_not_consented(make_client: MakeClient) -> None:
    def consent() -> bool:
        raise RuntimeError("not today")

    client = make_client(consent=consent)
    assert client.capture_event("e") is None
    assert client.consent == (False, "host")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_callable_is_not_swallowed(make_client: MakeClient, error: type[BaseException]) -> None:
    raises = False

    def consent() -> bool:
        if raises:
            raise error
        return True

    client = make_client(consent=consent)
    raises = True
    with pytest.raises(error):
        client.capture_event("e")
    with pytest.raises(error):
        bool(client.consent)
    with pytest.raises(error):
        client.flush()
    raises = False
    assert client.pending() == []


def test_what_waits_is_not_sent_while_the_callable_says_off(make_client: MakeClient, server: Server) -> None:
    allowed = True
    client = make_client(consent=lambda: allowed)
    assert client.capture_event("e")
    allowed = False
    client.flush()
    assert server.requests == []
    allowed = True
    assert client.flush()
    assert server.names == ["e"]


def test_a_callable_that_captures_ends(make_client: MakeClient) -> None:
    clients: list[overt.Client] = []

    def consent() -> bool:
        return all(client.capture_event("again") or True for client in clients)

    clients.append(make_client(consent=consent))
    assert clients[0].capture_event("e")


def test_a_choice_holds_for_later_clients_and_off_erases(make_client: MakeClient, state_dir: Path) -> None:
    client = make_client(default_consent=False)
    assert client.set_consent(True) == (True, "host")
    assert client.capture_event("e")
    assert make_client(default_consent=False).consent == (True, "stored")
    assert client.set_consent(False) == (False, "host")
    assert client.capture_event("e") is None
    assert make_client().consent == (False, "stored")
    assert [path.name for path in state_dir.rglob("*") if path.is_file()] == ["consent"]


def test_what_is_no_bool_is_judged_as_python_does(client: overt.Client) -> None:
    class Raises:
        def __bool__(self) -> bool:
            raise RuntimeError("not today")

    unclear: Any = Raises()
    assert not client.set_consent(unclear)


def test_the_client_id_can_be_reset(make_client: MakeClient) -> None:
    client = make_client()
    before = client.client_id
    assert client.capture_event("e")
    after = client.reset_client_id()
    assert after not in (None, before)
    assert client.client_id == after
    assert client.pending() == []
    assert client.capture_event("e")
    assert json.loads(client.pending()[0])["distinct_id"] == after


def test_choice_and_id_live_in_a_file_of_the_tools_own(make_client: MakeClient, tmp_path: Path, server: Server) -> None:
    own = tmp_path / "metadata.json"
    own.write_text('{"telemetryEnabled": true, "installationId": "an-id", "other": 1.50}')
    files = {"client_id_path": own, "client_id_key": "installationId", "consent_path": own}
    client = make_client(wire="aws-sam", ack="write", response_wait=0, consent_key="telemetryEnabled", **files)
    assert client.consent == (True, "stored")
    assert client.paths is not None
    assert (client.paths.consent, client.paths.client_id) == (own, own)
    uuid = client.capture_event("commandRun", {"region": None})
    metric = {"requestId": uuid, "installationId": "an-id", "region": None}
    assert json.loads(client.pending()[0]) == {"commandRun": metric}
    assert client.flush()
    assert server.requests[0].body == {"metrics": [{"commandRun": metric}]}
    assert client.set_consent(False) == (False, "host")
    assert own.read_text() == '{"telemetryEnabled": false, "other": 1.50}'
