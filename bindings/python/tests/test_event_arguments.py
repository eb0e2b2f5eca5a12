"""What is said about an event beside its properties; what cannot be used costs the event, never an exception."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import overt
from conftest import MakeClient, RunPython

UUID = "019aa25a-3dcd-7000-8000-000000000001"


class Raises:
    def __str__(self) -> str:
        raise RuntimeError("not today")

    def __bool__(self) -> bool:
        raise RuntimeError("not today")


def event(client: overt.Client) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.pending()[-1])
    return found


def test_the_answer_is_the_uuid_of_the_event(client: overt.Client) -> None:
    answer = client.capture_event("e")
    assert answer == event(client)["uuid"]
    assert uuid.UUID(answer).version == 7


@pytest.mark.parametrize("given", [UUID, UUID.upper(), uuid.UUID(UUID)])
def test_a_given_uuid_is_kept(client: overt.Client, given: str | uuid.UUID) -> None:
    assert client.capture_event("e", uuid=given) == UUID
    assert event(client)["uuid"] == UUID


@pytest.mark.parametrize(
    ("given", "utc"),
    [
        ("2026-11-20T20:10:36.5+02:00", "2026-11-20T18:10:36.500Z"),
        (datetime(2026, 11, 20, 18, 10, 36, 493318, timezone.utc), "2026-11-20T18:10:36.493318Z"),
        (datetime(2026, 11, 20, 20, 10, tzinfo=timezone(timedelta(hours=2))), "2026-11-20T18:10:00.000Z"),
    ],
)
def test_a_given_time_is_converted_to_utc(client: overt.Client, given: datetime | str, utc: str) -> None:
    assert client.capture_event("e", timestamp=given)
    assert event(client)["timestamp"] == utc


def test_a_naive_time_is_local_time(run_python: RunPython) -> None:
    code = """
        import datetime, json, overt
        client = overt.Client(**options, background=False)
        client.capture_event("e", timestamp=datetime.datetime(2026, 1, 20, 18, 10))
        # Long ago the zone's offset had seconds, which RFC 3339 cannot write.
        client.capture_event("e", timestamp=datetime.datetime(1880, 1, 20, 18, 10))
        print([json.loads(line)["timestamp"] for line in client.pending()])
    """
    answer = run_python(code, TZ="America/New_York")
    assert answer.stdout == "['2026-01-20T23:10:00.000Z', '1880-01-20T23:06:02.000Z']\n", answer.stderr


def test_a_distinct_id_stands_in_place_of_the_client_id(client: overt.Client) -> None:
    client.capture_event("e", distinct_id="somebody")
    assert event(client)["distinct_id"] == "somebody"
    client.capture_event("e")
    assert event(client)["distinct_id"] == client.client_id


OPTIONS = {
    "process_person_profile": True,
    "cookieless_mode": False,
    "disable_skew_correction": True,
    "product_tour_id": "t",
    "session_id": "s",
    "window_id": "w",
}


def test_options_become_what_the_wire_has_for_them(client: overt.Client, make_client: MakeClient) -> None:
    assert client.capture_event("e", options={**OPTIONS, "product_tour_id": None})
    properties = event(client)["properties"]
    assert (properties["$process_person_profile"], properties["$cookieless_mode"]) == (True, False)
    assert (properties["$ignore_sent_at"], properties["$session_id"], properties["$window_id"]) == (True, "s", "w")
    assert "$product_tour_id" not in properties

    v1 = make_client(wire="posthog-v1")
    assert v1.capture_event("e", options=OPTIONS)
    found = event(v1)
    assert {**found["options"], "session_id": found["session_id"], "window_id": found["window_id"]} == OPTIONS


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"name": ""}, "invalid_name"),
        ({"name": "x" * 201}, "invalid_name"),
        ({"name": None}, "invalid_name"),
        ({"name": 7}, "invalid_name"),
        ({"name": b"e"}, "invalid_name"),
        ({"properties": 7}, "invalid_properties"),
        ({"properties": "text"}, "invalid_properties"),
        ({"properties": ["a"]}, "invalid_properties"),
        ({"properties": Raises()}, "invalid_properties"),
        ({"properties": {"a": "x" * 40_000}}, "event_too_large"),
        ({"uuid": "not a UUID"}, "invalid_uuid"),
        ({"uuid": ""}, "invalid_uuid"),
        ({"uuid": uuid.UUID(int=0)}, "invalid_uuid"),
        ({"uuid": 7}, "invalid_uuid"),
        ({"uuid": Raises()}, "invalid_uuid"),
        ({"timestamp": "2026-11-20"}, "invalid_timestamp"),
        ({"timestamp": "2026-11-20T18:10:36"}, "invalid_timestamp"),
        ({"timestamp": 7}, "invalid_timestamp"),
        ({"timestamp": datetime.min}, "invalid_timestamp"),
        ({"timestamp": Raises()}, "invalid_timestamp"),
        ({"distinct_id": ""}, "invalid_distinct_id"),
        ({"distinct_id": "null"}, "invalid_distinct_id"),
        ({"distinct_id": "x" * 201}, "invalid_distinct_id"),
        ({"distinct_id": Raises()}, "invalid_distinct_id"),
        ({"options": {"typo": True}}, "invalid_properties"),
        ({"options": {"cookieless_mode": "yes"}}, "invalid_properties"),
        ({"options": 7}, "invalid_properties"),
        ({"options": Raises()}, "invalid_properties"),
    ],
    ids=repr,
)
def test_what_cannot_be_used_costs_the_event(client: overt.Client, arguments: dict[str, Any], status: str) -> None:
    assert client.capture_event(**{"name": "e", **arguments}) is None
    captured = client.capture(**{"name": "e", **arguments})
    assert (bool(captured), captured.status, captured.uuid) == (False, status, None)
    assert captured.reason
    assert client.pending() == []
    assert client.capture_event("next")


def test_capture_says_what_became_of_the_event(make_client: MakeClient) -> None:
    client = make_client(max_spool_events=1)
    captured = client.capture("e", {"n": 1}, uuid=UUID)
    assert captured
    assert captured == ("ok", UUID, None)
    assert event(client)["properties"]["n"] == 1
    assert client.capture("e") == ("dropped", None, "spool_full")
    assert make_client(before_send=lambda _event: None).capture("e") == ("dropped", None, "before_send")
    off: Any = make_client(consent=lambda: False)
    assert off.capture(None) == make_client(consent=False).capture("") == ("disabled", None, None)


def test_the_words_for_what_is_wrong_are_the_headers() -> None:
    root = Path(__file__).parents[3]
    header = (root / "include" / "overt.h").read_text(encoding="utf-8").partition("} overt_status_value;")[0]
    words = {name.lower() for name in re.findall(r"^  OVERT_(\w+) = -?\d+,", header, re.MULTILINE)}
    core = (root / "core" / "src" / "error.rs").read_text(encoding="utf-8")
    kinds = dict(re.findall(r'Self::(\w+) => "(\w+)"', core))
    assert set(kinds) == set(re.findall(r"^    (\w+),", core.partition("pub enum ErrorKind {")[2], re.MULTILINE))
    assert {*kinds.values(), "ok", "disabled", "dropped", "internal"} <= words


def test_a_name_with_a_lone_surrogate_is_mended(client: overt.Client) -> None:
    assert client.capture_event("e\ud800")
    assert event(client)["event"] == "e\ufffd"


def test_force_overrules_the_tool_but_no_person(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    off = make_client(default_consent=False)
    assert off.capture_event("e") is None
    assert off.capture_event("e", force=False) is None
    refuses: Any = Raises()
    assert off.capture_event("e", force=refuses) is None
    assert off.capture_event("e", force=True)
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    assert make_client(default_consent=False).capture_event("e", force=True) is None


def test_a_call_that_does_not_fit_is_pythons_own_error(client: overt.Client) -> None:
    call: Any = client.capture_event
    for positional, named in (((), {}), (("e", {}, "x"), {}), (("e",), {"typo": 1})):
        with pytest.raises(TypeError):
            call(*positional, **named)


def test_debug_says_why_an_event_was_not_recorded(run_python: RunPython) -> None:
    code = """
        import overt
        client = overt.Client(**options, background=False, debug=True)
        client.capture_event("")
        client.capture_event("e", timestamp="yesterday")
    """
    answer = run_python(code)
    said = [line for line in answer.stderr.splitlines() if "capture_event" in line]
    assert [line.startswith("overt: capture_event: ") for line in said] == [True, True]
    assert "name" in said[0]
    assert "RFC 3339" in said[1]
