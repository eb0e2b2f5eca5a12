"""Values that misbehave: the host's program goes on, and the rest of the event is recorded."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

import overt
from conftest import MakeClient


class Raises:
    def __init__(self, error: type[BaseException] = RuntimeError) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error("not today")

    __repr__ = __str__


class RaisesWhenLookedAt(Raises):
    @property
    def __class__(self) -> Any:
        raise RuntimeError("not today")

    @__class__.setter
    def __class__(self, _value: Any) -> None:
        raise RuntimeError("not today")


class FailsHalfway:
    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[int]:
        yield 1
        raise RuntimeError("not today")


class Endless:
    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[int]:
        return itertools.count()


class LiesAboutItself(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("not today")

    def __len__(self) -> int:
        raise RuntimeError("not today")


class NoMapping:
    def keys(self) -> int:
        return 7

    def __getitem__(self, key: str) -> int:
        raise KeyError(key)

    def __str__(self) -> str:
        return "no mapping"


class IsItsOwnValue:
    ndim = 0

    def item(self) -> IsItsOwnValue:
        return self


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def cycle() -> dict[str, Any]:
    value: dict[str, Any] = {"a": 1}
    value["self"] = value
    value["list"] = [value]
    return value


def diamond(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value, value]
    return value


def properties(client: overt.Client) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.pending()[-1])["properties"]
    return found


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (Raises, None),
        (RaisesWhenLookedAt, None),
        (lambda: {"a": Raises(), "b": 1}, {"a": None, "b": 1}),
        (lambda: {Raises(): 1, "b": 1}, {"b": 1}),
        (FailsHalfway, [1]),
        (lambda: LiesAboutItself(a=1), {"a": 1}),
        (NoMapping, "no mapping"),
        (IsItsOwnValue, None),
        (cycle, {"a": 1, "self": None, "list": [None]}),
        (lambda: diamond(6), diamond(6)),
        (lambda: 10**5000, None),
        (lambda: mock.Mock(__str__=lambda _: "mock"), "mock"),
        (mock.MagicMock, []),
    ],
)
def test_the_rest_of_the_event_is_recorded(client: overt.Client, make: Callable[[], object], expected: object) -> None:
    assert client.capture_event("e", {"before": 1, "value": make(), "after": 2})
    found = properties(client)
    assert (found["before"], found["after"]) == (1, 2)
    assert found["value"] == expected


def test_nesting_ends_where_the_core_ends_it(client: overt.Client) -> None:
    deepest = nested(31)  # and the properties around it
    assert client.capture_event("e", {"value": deepest})
    assert properties(client)["value"] == deepest
    assert client.capture_event("e", {"value": nested(32)})
    assert json.dumps(properties(client)["value"]) == "[" * 31 + "null" + "]" * 31


def test_the_deepest_event_passes_before_send_unchanged(make_client: MakeClient) -> None:
    client = make_client(before_send=lambda event: event)
    assert client.capture_event("e", {"value": nested(31)})
    assert properties(client)["value"] == nested(31)


@pytest.mark.parametrize("make", [Endless, lambda: diamond(40), lambda: "x" * 40_000, lambda: list(range(20_000))])
def test_a_value_larger_than_an_event_costs_the_event_and_no_more(
    client: overt.Client, make: Callable[[], object]
) -> None:
    assert client.capture_event("e", {"value": make()}) is None
    assert client.pending() == []
    assert client.capture_event("next")


def test_an_iterator_is_not_used_up(client: overt.Client) -> None:
    iterator = iter([1, 2])
    assert client.capture_event("e", {"value": iterator})
    assert list(iterator) == [1, 2]


def test_a_container_may_change_while_it_is_looked_at(client: overt.Client) -> None:
    changing: dict[str, Any] = {}

    class Grows:
        def __str__(self) -> str:
            changing.update({str(n): n for n in range(100)})
            return "grows"

    class Shrinks:
        def __str__(self) -> str:
            items.clear()
            return "shrinks"

    changing.update(a=Grows(), b=1)
    items: list[Any] = [Shrinks(), 1, 2]
    assert client.capture_event("e", {"dict": changing, "list": items})
    assert properties(client)["dict"] == {"a": "grows"}
    assert properties(client)["list"] == ["shrinks"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_is_not_swallowed(client: overt.Client, error: type[BaseException]) -> None:
    with pytest.raises(error):
        client.capture_event("e", {"value": [Raises(error)]})
    with pytest.raises(error):
        client.capture_event("e", {"value": {Raises(error): 1}})
    assert client.pending() == []
    assert client.capture_event("next")


def test_an_event_captured_while_another_is_written_is_recorded(client: overt.Client) -> None:
    class Captures:
        def __str__(self) -> str:
            client.capture_event("inner")
            return "captures"

    assert client.capture_event("outer", {"value": Captures()})
    assert [json.loads(line)["event"] for line in client.pending()] == ["inner", "outer"]


def test_an_event_that_captures_itself_ends(client: overt.Client) -> None:
    class Recursive:
        def __str__(self) -> str:
            client.capture_event("again", {"value": self})
            return "recursive"

    assert client.capture_event("e", {"value": Recursive()})
    assert len(client.pending()) == 8
