"""Starfish's analytics interface: the same calls, the same ID file, and none of its old faults."""

from __future__ import annotations

import json
import sys
import uuid
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPython
from overt.analytics import AnalyticsConfig, AnalyticsService, Event
from recording import Server

LINE = "[telemetry] Captured event: starfish_job with data: {'n': 1}\n"


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("not today")


@pytest.fixture
def options(server: Server, state_dir: Path) -> dict[str, Any]:
    return {"api_key": "phc_test", "endpoint": server.url, "state_dir": state_dir, "background": False}


def service(options: dict[str, Any], **more: Any) -> AnalyticsService:
    return AnalyticsService(AnalyticsConfig(**{**options, **more}))


@pytest.mark.parametrize("call", ["capture_event", "send_event"])
def test_an_event_arrives_as_it_was_given(options: dict[str, Any], server: Server, call: str) -> None:
    analytics = service(options, app_version="0.4.2")
    errors: defaultdict[str, int] = defaultdict(int, TimeoutError=2)
    data = {"range": (1, 2), "error_summary": errors, "count_summary": Counter(completed=3)}
    assert getattr(analytics, call)(Event(name="starfish_job", data=data)) is None
    assert analytics.client.flush(30)
    (event,) = server.events
    assert event["event"] == "starfish_job"
    assert event["distinct_id"] == analytics.client.client_id
    sent = event["properties"]
    assert (sent["$app_name"], sent["$app_version"]) == ("starfish", "0.4.2")
    assert (sent["range"], sent["error_summary"], sent["count_summary"]) == (
        [1, 2],
        {"TimeoutError": 2},
        {"completed": 3},
    )


def test_the_id_of_an_existing_installation_is_kept(options: dict[str, Any], server: Server, tmp_path: Path) -> None:
    file = tmp_path / ".starfish_config"
    file.write_text("36be4c46-4e1b-431d-b9db-1b315f537a85", encoding="utf-8")
    analytics = service(options, client_id_path=file)
    analytics.capture_event(Event("starfish_job", {}))
    analytics.capture_event(Event("starfish_job", {}, client_id="somebody else"))
    assert analytics.client.flush(30)
    assert [event["distinct_id"] for event in server.events] == [
        "36be4c46-4e1b-431d-b9db-1b315f537a85",
        "somebody else",
    ]
    assert file.read_text(encoding="utf-8") == "36be4c46-4e1b-431d-b9db-1b315f537a85"


def test_a_new_installation_gets_an_id_in_the_file(options: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / ".starfish_config"
    analytics = service(options, client_id_path=file)
    assert not file.exists()
    analytics.capture_event(Event("starfish_job", {}))
    assert str(uuid.UUID(file.read_text(encoding="utf-8").strip())) == analytics.client.client_id


@pytest.mark.parametrize("how", ["inactive", "TELEMETRY_ENABLED", "DO_NOT_TRACK", "no key"])
def test_switched_off_it_does_nothing(
    options: dict[str, Any],
    server: Server,
    tmp_path: Path,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if how.isupper():
        monkeypatch.setenv(how, {"TELEMETRY_ENABLED": "0"}.get(how, "1"))
    file = tmp_path / ".starfish_config"
    changes: dict[str, dict[str, Any]] = {"inactive": {"active": False}, "no key": {"api_key": None}}
    more = changes.get(how, {})
    analytics = service(options, client_id_path=file, verbose=True, **more)
    analytics.capture_event(Event("starfish_job", {"n": 1}))
    assert analytics.client.flush(30)
    assert server.requests == []
    assert [path for path in tmp_path.rglob("*") if path.name != "home"] == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("said", ["1", "t", "true", "True", "yes", "on"])
def test_telemetry_enabled_is_read_leniently(
    options: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEMETRY_ENABLED", said)
    analytics = service(options)
    analytics.capture_event(Event("starfish_job", {}))
    assert len(analytics.client.pending()) == 1


@pytest.mark.parametrize("how", ["verbose", "DEBUG_MODE"])
def test_verbose_says_what_was_captured(
    options: dict[str, Any], how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if how == "DEBUG_MODE":
        monkeypatch.setenv(how, "True")
    service(options, verbose=how == "verbose").capture_event(Event("starfish_job", {"n": 1}))
    assert capsys.readouterr() == (LINE, "")


def test_otherwise_nothing_is_said(options: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    analytics = service(options)
    analytics.capture_event(Event("starfish_job", {"n": 1}))
    assert len(analytics.client.pending()) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("stdout", ["none", "closed"])
def test_without_a_stdout_verbose_is_silent(
    options: dict[str, Any], stdout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = (tmp_path / "out").open("w", encoding="utf-8")
    closed.close()
    monkeypatch.setattr(sys, "stdout", None if stdout == "none" else closed)
    analytics = service(options, verbose=True)
    analytics.capture_event(Event("starfish_job", {"n": 1}))
    analytics.capture_event(Event("starfish_job", {"n": Raises()}))
    assert len(analytics.client.pending()) == 2


def test_posthog_host_is_the_endpoint_that_nobody_named(
    options: dict[str, Any], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTHOG_HOST", server.url)
    analytics = service(options, endpoint=None)
    analytics.capture_event(Event("starfish_job", {}))
    assert analytics.client.flush(30)
    assert server.names == ["starfish_job"]


@pytest.mark.parametrize(
    "options", [{"app": "no name"}, {"typo": 1}, {"api_key": "phx_personal"}, {"endpoint": "ftp://x"}]
)
def test_an_option_that_cannot_be_used_never_breaks_the_job(options: dict[str, Any]) -> None:
    analytics = service({"api_key": "phc_test"}, **options)
    assert isinstance(analytics.error, (ValueError, TypeError))
    analytics.capture_event(Event("starfish_job", {}))


@pytest.mark.parametrize("content", [b"", b"no id", b"\xff\xfe", b"x" * 100_000])
def test_a_corrupt_id_file_never_breaks_the_job(options: dict[str, Any], tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ".starfish_config"
    file.write_bytes(content)
    analytics = service(options, client_id_path=file)
    analytics.capture_event(Event("starfish_job", {}))
    assert analytics.error is None


def test_a_home_that_takes_no_files_never_breaks_the_job(run_python: RunPython, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file stands in its place", encoding="utf-8")
    answer = run_python("""
        from overt.analytics import AnalyticsConfig, AnalyticsService, Event
        places = {"endpoint": options["endpoint"], "client_id_path": "/proc/no/.starfish_config"}
        config = AnalyticsConfig(options["api_key"], **places)
        AnalyticsService(config).capture_event(Event("starfish_job", {"n": 1}))
        print("the job ends well")
    """)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "the job ends well\n", "")


@pytest.mark.parametrize(
    "data", [None, 7, {"n": Raises()}, {1: {2: object()}}], ids=["none", "number", "raises", "odd"]
)
def test_no_data_raises(options: dict[str, Any], data: Any) -> None:
    service(options, verbose=True).capture_event(Event("starfish_job", data))
    service(options, verbose=True).capture_event(Event(None, data))  # type: ignore[arg-type]


def test_the_exit_waits_for_nothing(run_python: RunPython, server: Server, state_dir: Path) -> None:
    server.gate.clear()  # the server takes the request and never answers
    answer = run_python("""
        from overt.analytics import AnalyticsConfig, AnalyticsService, Event
        # A request that outlasts this test: did the exit wait for it, the test would end with an error.
        service = AnalyticsService(AnalyticsConfig(**options, flush_at=1, timeout=600))
        service.capture_event(Event("starfish_job", {"n": 1}))
    """)
    assert (answer.returncode, answer.stderr) == (0, "")
    (segment,) = state_dir.rglob("*.v1.jsonl")
    assert json.loads(segment.read_text(encoding="utf-8"))["event"] == "starfish_job"


def test_without_the_native_module_it_does_nothing(run_python: RunPython) -> None:
    answer = run_python("""
        import sys
        sys.modules["overt._overt"] = None
        from overt.analytics import AnalyticsConfig, AnalyticsService, Event
        service = AnalyticsService(AnalyticsConfig("phc_test", verbose=True))
        service.capture_event(Event("starfish_job", {"n": 1}))
        assert service.client.consent.reason == "unavailable"
    """)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
