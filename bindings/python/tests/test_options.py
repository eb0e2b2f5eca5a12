"""Each option of the core is a keyword, reaches the core, and is named in the error when it cannot be used."""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import overt
from conftest import MakeClient, RunPython
from overt._options import Options
from recording import Server

CORE = Path(__file__).parents[3] / "core" / "src"


def core_fields(file: str, struct: str) -> list[str]:
    """The public fields of one of the core's structs, in their order."""
    source = (CORE / file).read_text(encoding="utf-8")
    fields = source.partition(f"pub struct {struct} {{")[2].partition("\n}")[0]
    return re.findall(r"^    pub (\w+):", fields, re.MULTILINE)


def core_options() -> list[str]:
    # What the core is told is how; Python knows how, and is asked whether.
    return [{"uploader": "detached_upload"}.get(name, name) for name in core_fields("config.rs", "Config")]


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        ("stats.rs", overt.Stats),
        ("ledger.rs", overt.Ledger),
        ("consent.rs", overt.Consent),
        ("client/account.rs", overt.Paths),
    ],
)
def test_an_answer_has_the_cores_fields(file: str, answer: type[overt.Stats]) -> None:
    assert list(answer._fields) == core_fields(file, answer.__name__)


def test_the_keywords_are_the_cores_options() -> None:
    assert len(core_options()) > 30
    assert sorted(inspect.signature(overt.Client).parameters) == sorted(core_options())
    assert sorted(Options.__annotations__) == sorted(core_options())


def test_unset_and_none_are_the_same(make_client: MakeClient) -> None:
    usual = ("app", "api_key", "endpoint", "state_dir", "background")
    client = make_client(**{name: None for name in core_options() if name not in usual})
    assert client.capture_event("e")
    assert client.flush()


def destination(client: overt.Client) -> dict[str, Any]:
    """What the core keeps of the options for a later process."""
    assert client.capture_event("e")
    paths = client.paths
    assert paths is not None
    found: dict[str, Any] = json.loads((paths.spool / "destination.json").read_text(encoding="utf-8"))
    return {**found, **found.get("destination", {})}


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("app_version", "1.2", "1.2"),
        ("api_key", "phc_other", "phc_other"),
        ("endpoint", "http://127.0.0.1:9/base/", "http://127.0.0.1:9/base"),
        ("allow_plain_http", True, True),
        ("wire", "posthog", "posthog"),
        ("wire", "posthog-v1", "posthog-v1"),
        ("wire", "aws-sam", "aws-sam"),
        ("ack", "status", "status"),
        ("response_wait", 0.25, 250),
        ("compression", "gzip", "gzip"),
        ("compression", "none", "none"),
        ("historical_migration", True, True),
        ("extra_headers", {"X-Tool": "1"}, [["X-Tool", "1"]]),
        ("consent_env", "A_TELEMETRY", ["A_TELEMETRY"]),
        ("consent_env", ["A", "B=1,yes"], ["A", "B=1,yes"]),
        ("default_consent", True, True),
        ("respect_do_not_track", False, False),
        ("in_ci", True, True),
    ],
)
def test_an_option_reaches_the_core(make_client: MakeClient, name: str, given: object, kept: object) -> None:
    found = destination(make_client(**{name: given}))
    assert found.get(name, found.get(f"{name}_ms")) == kept


@pytest.mark.parametrize(
    ("option", "properties"),
    [
        ({"app": "other"}, {"$app_name": "other"}),
        ({"app_version": "1.2"}, {"$app_version": "1.2"}),
        ({"super_properties": {"plan": "team", "n": (1, None)}}, {"plan": "team", "n": [1, None]}),
        ({"disable_geoip": False}, {"$geoip_disable": None}),
        ({"disable_geoip": True}, {"$geoip_disable": True}),
        ({"person_profiles": True}, {"$process_person_profile": None}),
        ({"person_profiles": False}, {"$process_person_profile": False}),
        ({"enrich": False}, {"$os": None, "arch": None}),
    ],
)
def test_an_option_shows_in_the_event(
    make_client: MakeClient, option: dict[str, Any], properties: dict[str, Any]
) -> None:
    client = make_client(**option)
    assert client.capture_event("e")
    found = json.loads(client.pending()[0])["properties"]
    assert {name: found.get(name) for name in properties} == properties


def test_paths_may_be_str_or_path(make_client: MakeClient, tmp_path: Path) -> None:
    for given in (tmp_path / "a", str(tmp_path / "b")):
        client = make_client(state_dir=given, client_id_path=Path(given) / "own" / "id")
        assert client.paths is not None
        assert client.paths.state_dir == Path(given)
        assert client.paths.client_id == Path(given) / "own" / "id"
        assert client.client_id == client.paths.client_id.read_text(encoding="utf-8")


def test_requests_go_out_as_the_options_say(make_client: MakeClient, server: Server) -> None:
    client = make_client(compression="gzip", extra_headers={"X-Tool": "1"}, historical_migration=True)
    assert client.capture_event("e")
    assert client.flush()
    request = server.requests[0]
    assert (request.headers["Content-Encoding"], request.headers["X-Tool"]) == ("gzip", "1")
    assert request.body["historical_migration"] is True


@pytest.mark.parametrize(("keep_sent", "kept"), [(None, 1), (False, 0)])
def test_what_was_sent_is_kept_unless_the_tool_says_otherwise(
    make_client: MakeClient, server: Server, keep_sent: bool | None, kept: int
) -> None:
    client = make_client(keep_sent=keep_sent)
    assert client.capture_event("e")
    assert client.flush()
    assert (len(server.requests), len(client.sent())) == (1, kept)


def test_max_retries_counts_the_attempts_after_the_first(make_client: MakeClient, server: Server) -> None:
    server.statuses = [500]
    client = make_client(max_retries=0)
    assert client.capture_event("e")
    assert client.flush(timeout=30) is False
    assert len(server.requests) == 1
    assert client.stats.failures == 1


def test_a_request_ends_with_its_timeout(make_client: MakeClient, server: Server) -> None:
    server.gate.clear()
    client = make_client(timeout=0.5, connect_timeout=0.5, max_retries=0)
    assert client.capture_event("e")
    assert client.flush(timeout=30) is False
    assert client.stats.failures == 1


def test_flush_at_starts_a_send_by_itself(make_client: MakeClient, server: Server) -> None:
    client = make_client(background=True, flush_at=2, flush_interval=3600)
    client.capture_event("one")
    client.capture_event("two")
    server.wait_for(2)


def test_flush_interval_starts_a_send_by_itself(make_client: MakeClient, server: Server) -> None:
    client = make_client(background=True, flush_at=1000, flush_interval=0.01)
    client.capture_event("one")
    server.wait_for(1)


def test_max_event_bytes_bounds_an_event(make_client: MakeClient) -> None:
    client = make_client(max_event_bytes=1024)
    assert client.capture_event("e", {"text": "x" * 1100}) is None
    assert client.capture_event("e", {"text": "x" * 300})
    assert make_client(max_event_bytes=40_000).capture_event("e", {"text": "x" * 35_000})


def test_max_batch_bytes_bounds_a_request(make_client: MakeClient, server: Server) -> None:
    client = make_client(max_event_bytes=1024, max_batch_bytes=2048)
    for _ in range(3):
        assert client.capture_event("e", {"text": "x" * 500})
    assert client.flush()
    assert [len(request.body["batch"]) for request in server.requests] == [1, 1, 1]


@pytest.mark.parametrize("limit", [{"max_spool_events": 1}, {"max_spool_bytes": 1000}])
def test_a_full_spool_drops_and_counts(make_client: MakeClient, limit: dict[str, int]) -> None:
    client = make_client(**limit)
    assert client.capture_event("e", {"text": "x" * 500})
    assert client.capture_event("e", {"text": "x" * 500}) is None
    assert client.losses() == {"spool_full": 1}
    assert client.stats.lost == 1


def test_max_spool_age_drops_what_waits_too_long(make_client: MakeClient, server: Server) -> None:
    client = make_client(max_spool_age=60)
    assert client.capture_event("e")
    assert client.paths is not None
    for segment in client.paths.spool.glob("*.jsonl"):
        os.utime(segment, (0, 0))
    # It has looked too old for long enough: the clock is not wrong by years just now.
    (client.paths.spool / "upload.lock").write_text("0\n")
    client.flush()
    assert server.requests == []
    assert client.losses() == {"expired": 1}


def test_max_memory_events_bounds_what_waits_without_a_disk(make_client: MakeClient, tmp_path: Path) -> None:
    in_the_way = tmp_path / "state" / "spool"
    in_the_way.parent.mkdir()
    in_the_way.write_text("", encoding="utf-8")
    client = make_client(max_memory_events=1)
    assert client.capture_event("e")
    assert client.stats.storage == "memory"
    assert client.capture_event("e") is None
    assert client.losses() == {"memory_full": 1}


def test_debug_speaks_on_stderr(run_python: RunPython) -> None:
    code = "import overt; overt.Client(**options, debug={}).capture_event('e')"
    assert "overt: consent" in run_python(code.format(True)).stderr
    assert run_python(code.format(False)).stderr == ""


def test_before_send_consent_and_exit_timeout_have_tests_of_their_own() -> None:
    names = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert {"test_before_send", "test_consent", "test_exit"} <= names


WRONG: list[tuple[str, object, str]] = [
    ("app", "", "1 to 64"),
    ("app", 7, "must be a str"),
    ("app", None, "must be a str"),
    ("app_version", 7, "must be a str"),
    ("api_key", "phx_secret", "personal"),
    ("endpoint", "http://example.com", ""),
    ("endpoint", "ftp://x", ""),
    ("allow_plain_http", 1, "True or False"),
    ("wire", "carrier pigeon", "posthog"),
    ("compression", "lzma", "gzip"),
    ("extra_headers", ["a"], "must be a mapping"),
    ("extra_headers", {"a": 1}, ""),
    ("extra_headers", {"a b": "c"}, "HTTP"),
    ("flush_at", 0, "at least 1"),
    ("flush_at", -1, ""),
    ("flush_at", 2**40, ""),
    ("flush_at", "many", ""),
    ("flush_interval", -1, "seconds"),
    ("flush_interval", float("nan"), "seconds"),
    ("flush_interval", "soon", ""),
    ("max_retries", 1.5, ""),
    ("timeout", 0, "longer than 0"),
    ("exit_timeout", float("inf"), "seconds"),
    ("max_event_bytes", 10, "1024"),
    ("max_batch_bytes", 1024, "max_event_bytes"),
    ("max_spool_events", -1, ""),
    ("super_properties", ["a"], ""),
    ("super_properties", {"a": "x" * 40_000}, "max_event_bytes"),
    ("state_dir", 7, ""),
    ("client_id_path", b"x", ""),
    ("consent", "yes", "callable"),
    ("consent_env", "", "name"),
    ("consent_env", 7, ""),
    ("consent_env", [7], "must be a str"),
    ("before_send", "x", "callable"),
    ("detached_upload", "yes", "True or False"),
    ("in_ci", "yes", "True or False"),
]


@pytest.mark.parametrize(("name", "given", "said"), WRONG, ids=[f"{name}-{given!r:.20}" for name, given, _ in WRONG])
def test_what_cannot_be_used_is_an_error_that_names_the_option(
    make_client: MakeClient, name: str, given: object, said: str
) -> None:
    with pytest.raises(overt.ConfigError) as raised:
        make_client(**{name: given})
    assert isinstance(raised.value, ValueError)
    message = str(raised.value)
    assert name in message.partition(":")[0]
    assert said in message


def test_an_unknown_option_is_pythons_own_error(make_client: MakeClient) -> None:
    for value in (1, None):
        with pytest.raises(TypeError, match="unexpected keyword argument 'flsh_at'"):
            make_client(flsh_at=value)
    start: Callable[..., object] = overt.Client
    with pytest.raises(TypeError, match="app"):
        start()
    with pytest.raises(TypeError):
        start("starfish")
