"""Contexts: whose events they are about, and that none leaks into another."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from recording import Server


def told(server: Server) -> dict[str, tuple[str, Any]]:
    return {event["event"]: (event["distinct_id"], event["properties"].get("k")) for event in server.events}


def test_tasks_and_threads_have_contexts_of_their_own(posthog: Any, server: Server) -> None:
    async def task(number: int) -> None:
        with posthog.new_context():
            posthog.identify_context(f"d{number}")
            posthog.tag("k", number)
            await asyncio.sleep(0)
            posthog.capture(f"task {number}")

    async def tasks() -> None:
        await asyncio.gather(*(task(number) for number in range(3)))

    asyncio.run(tasks())
    with posthog.new_context():
        posthog.identify_context("main")
        thread = threading.Thread(target=lambda: posthog.capture("thread", distinct_id="own"))
        thread.start()
        thread.join()
    posthog.flush()
    assert told(server) == {**{f"task {n}": (f"d{n}", n) for n in range(3)}, "thread": ("own", None)}


def test_a_decorated_function_has_a_context_for_each_call(posthog: Any, server: Server) -> None:
    @posthog.scoped()  # type: ignore[untyped-decorator]
    def plain(number: int) -> dict[str, Any]:
        before: dict[str, Any] = posthog.get_tags()
        posthog.tag("k", number)
        posthog.capture(f"plain {number}", distinct_id="d")
        if number:
            plain(number - 1)
        return before

    @posthog.scoped(fresh=True)  # type: ignore[untyped-decorator]
    async def coroutine() -> str:
        """Its own text."""
        posthog.tag("k", "a")
        posthog.capture("coroutine", distinct_id="d")
        return "done"

    assert plain(1) == {}
    assert asyncio.run(coroutine()) == "done"
    assert coroutine.__doc__ == "Its own text."
    assert posthog.get_tags() == {}
    posthog.flush()
    assert told(server) == {"plain 1": ("d", 1), "plain 0": ("d", 0), "coroutine": ("d", "a")}


@pytest.mark.parametrize(("wanted", "setting", "captured"), [(None, False, 0), (None, True, 1), (True, False, 1)])
def test_an_exception_that_leaves_is_captured_if_wanted_and_goes_on(
    posthog: Any, server: Server, wanted: bool | None, setting: bool, captured: int
) -> None:
    posthog.enable_exception_autocapture = setting
    client = posthog.Posthog("phc_own", server.url, state_dir=posthog.state_dir, background=False)
    client.enable_exception_autocapture = setting

    def leave(of: Any) -> None:
        with of.new_context(capture_exceptions=wanted), of.new_context(capture_exceptions=wanted):
            posthog.tag("k", 1)
            raise ValueError("on it goes")

    for of in (posthog, client):
        with pytest.raises(ValueError, match="on it goes"):
            leave(of)
        of.flush()
    keys = [request.body["api_key"] for request in server.requests for _ in request.body["batch"]]
    assert keys == ["phc_test", "phc_own"] * captured
    assert all(event["properties"]["k"] == 1 for event in server.events)
    assert posthog.get_tags() == {}


def test_tags_can_be_cleared(posthog: Any) -> None:
    with posthog.new_context():
        posthog.tag("k", 1)
        posthog.tag(key="l", value=2)
        assert posthog.get_tags() == {"k": 1, "l": 2}
        posthog.clear_tags()
        assert posthog.get_tags() == {}


def test_outside_of_a_context_nothing_is_kept(posthog: Any, server: Server) -> None:
    posthog.tag("k", 1)
    posthog.identify_context("d")
    posthog.set_context_session("s")
    posthog.set_context_device_id("d")
    posthog.clear_tags()
    posthog.capture("e", distinct_id="own")
    posthog.flush()
    assert told(server) == {"e": ("own", None)}
