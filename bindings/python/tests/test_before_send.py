"""A last look at each event: it can be edited or dropped, and is never sent unreviewed."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from collections.abc import Mapping
from typing import Any

import pytest

import overt
from conftest import MakeClient

Event = dict[str, Any]


def test_it_sees_the_whole_event_in_the_capturing_thread(make_client: MakeClient) -> None:
    seen: list[tuple[Event, threading.Thread]] = []

    def look(event: Event) -> Event:
        seen.append((event, threading.current_thread()))
        return event

    client = make_client(before_send=look, app_version="1.2")
    uuid = client.capture_event("e", {"n": 2**70})
    event, thread = seen[0]
    assert thread is threading.current_thread()
    assert set(event) == {"event", "uuid", "distinct_id", "timestamp", "properties"}
    assert (event["event"], event["uuid"], event["properties"]["n"]) == ("e", uuid, 2**70)
    assert event["properties"]["$app_version"] == "1.2"
    assert json.loads(client.pending()[0]) == event


def test_what_it_gives_back_is_what_is_recorded(make_client: MakeClient) -> None:
    def edit(event: Event) -> Event:
        properties = {"kept": event["properties"]["kept"], "added": (1, {"a": None})}
        return {**event, "event": "edited", "properties": properties}

    client = make_client(before_send=edit)
    uuid = client.capture_event("e", {"kept": 1, "secret": 2})
    event = json.loads(client.pending()[0])
    assert (event["event"], event["uuid"]) == ("edited", uuid)
    assert event["properties"] == {"kept": 1, "added": [1, {"a": None}]}


@pytest.mark.parametrize("wire", ["posthog", "posthog-v1"])
def test_an_event_that_is_given_back_is_as_it_was(make_client: MakeClient, wire: str) -> None:
    arguments: dict[str, Any] = {
        "uuid": "019aa25a-3dcd-7000-8000-000000000001",
        "timestamp": "2026-11-20T18:10:36.493Z",
    }
    arguments |= {"properties": {"a": [1.5, None]}, "options": {"process_person_profile": True, "session_id": "s"}}
    for before_send in (None, lambda event: event):
        make_client(wire=wire, before_send=before_send).capture_event("e", **arguments)
    plain, reviewed = (json.loads(line) for line in make_client(wire=wire).pending())
    assert reviewed == plain


def test_none_drops_the_event(make_client: MakeClient) -> None:
    client = make_client(before_send=lambda event: None if event["event"] == "drop" else event)
    assert client.capture_event("drop") is None
    assert client.capture_event("keep")
    assert len(client.pending()) == 1
    assert client.losses() == {}


def test_an_exception_drops_the_event(make_client: MakeClient) -> None:
    def fail(_event: Event) -> Event:
        raise KeyError("not today")

    client = make_client(before_send=fail)
    assert client.capture_event("e") is None
    assert client.pending() == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_not_swallowed(make_client: MakeClient, error: type[BaseException]) -> None:
    def interrupted(_event: Event) -> Event:
        raise error

    client = make_client(before_send=interrupted)
    with pytest.raises(error):
        client.capture_event("e")
    assert client.pending() == []


@pytest.mark.parametrize(
    "answer",
    [
        7,
        "text",
        [],
        {},
        {"event": "e"},
        {"event": "", "uuid": "x", "distinct_id": "d", "timestamp": "t", "properties": {}},
    ],
    ids=repr,
)
def test_an_answer_that_is_no_event_drops_it(make_client: MakeClient, answer: Any) -> None:
    client = make_client(before_send=lambda _: answer)
    assert client.capture_event("e") is None
    assert client.pending() == []


def test_it_is_not_called_while_consent_is_off(make_client: MakeClient) -> None:
    seen: list[Event] = []

    def look(event: Event) -> Mapping[str, object] | None:
        seen.append(event)
        return event

    client = make_client(before_send=look, consent=False)
    assert client.capture_event("e") is None
    assert seen == []


def test_a_client_that_its_own_callable_refers_to_is_collected() -> None:
    class Host:
        def __init__(self) -> None:
            self.client = overt.Client(app="starfish", api_key="phc_test", before_send=self.review, consent=self.agree)

        def review(self, event: Event) -> Event:
            return event

        def agree(self) -> bool:
            return True

    host = weakref.ref(Host())
    gc.collect()
    assert host() is None
