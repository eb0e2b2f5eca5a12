"""Python values become JSON: the whole table, as text."""

from __future__ import annotations

import array
import enum
import pathlib
import types
import uuid
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

import pytest

import overt
from recording import Server


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Mode(str, enum.Enum):
    FAST = "fast"


class Text(str):
    def __str__(self) -> str:
        return "another text"


class Number(float):
    pass


@dataclass
class Point:
    x: int
    y: list[int] = field(default_factory=list)
    origin: ClassVar[int] = 0


class Scalar:
    """As numpy's: an array without a dimension."""

    ndim = 0

    def item(self) -> float:
        return 0.5


class Plain:
    def __str__(self) -> str:
        return "plain"


Pair = namedtuple("Pair", "a b")  # noqa: PYI024
SUMMER = timezone(timedelta(hours=2))

TABLE: list[tuple[object, str]] = [
    # JSON's own
    ("", '""'),
    ('"\\\n\t\x01\x7f', r'"\"\\\n\t\u0001' + '\x7f"'),
    ("grüße \U0001f980\u2028", '"grüße \U0001f980\u2028"'),
    (0, "0"),
    (-1, "-1"),
    (2**63 - 1, "9223372036854775807"),
    (-(2**63), "-9223372036854775808"),
    (2**63, "9223372036854775808"),
    (-(10**30), "-1" + "0" * 30),
    # the largest double, and what is larger than any
    (10**308, "1" + "0" * 308),
    (10**309, '"1' + "0" * 309 + '"'),
    (-(2**1024), f'"-{2**1024}"'),
    (True, "true"),
    (False, "false"),
    (None, "null"),
    (1.5, "1.5"),
    (1.0, "1.0"),
    (-0.0, "-0.0"),
    (1e300, "1e300"),
    (0.1 + 0.2, "0.30000000000000004"),
    ({}, "{}"),
    ([], "[]"),
    ((), "[]"),
    ([1, [2, [3]], {"a": [{}]}], '[1,[2,[3]],{"a":[{}]}]'),
    ((1, "a", None), '[1,"a",null]'),
    # no word in JSON
    (float("nan"), "null"),
    (float("inf"), "null"),
    (float("-inf"), "null"),
    # subclasses are what they extend
    (Text("text"), '"text"'),
    (Number(2.5), "2.5"),
    (Level.HIGH, "3"),
    (Mode.FAST, '"fast"'),
    (Color.RED, '"red"'),
    (Counter("aab"), '{"a":2,"b":1}'),
    (defaultdict(int, a=1), '{"a":1}'),
    (OrderedDict(b=1, a=2), '{"b":1,"a":2}'),
    (Pair(1, 2), "[1,2]"),
    # other mappings
    (types.MappingProxyType({"a": 1}), '{"a":1}'),
    (ChainMap({"a": 1}), '{"a":1}'),
    (UserDict(a=1), '{"a":1}'),
    (Point(1, [2]), '{"x":1,"y":[2]}'),
    # other collections
    ({1}, "[1]"),
    (frozenset(("a",)), '["a"]'),
    (deque((1, 2)), "[1,2]"),
    (UserList((1,)), "[1]"),
    (range(3), "[0,1,2]"),
    ({"a": 1}.keys(), '["a"]'),
    ({"a": 1}.values(), "[1]"),
    (array.array("d", (0.5,)), "[0.5]"),
    # times
    (datetime(2026, 11, 20, 18, 10, 36, 493318, timezone.utc), '"2026-11-20T18:10:36.493318+00:00"'),
    (datetime(2026, 11, 20, 20, 10, tzinfo=SUMMER), '"2026-11-20T20:10:00+02:00"'),
    (date(2026, 11, 20), '"2026-11-20"'),
    (time(18, 10), '"18:10:00"'),
    # what has a text
    (timedelta(seconds=90), '"0:01:30"'),
    (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    (pathlib.PurePosixPath("/tmp/x"), '"/tmp/x"'),
    (Decimal("1.10"), '"1.10"'),
    (Fraction(1, 3), '"1/3"'),
    (1j, '"1j"'),
    (b"ab", "\"b'ab'\""),
    (ValueError("no"), '"no"'),
    (int, "\"<class 'int'>\""),
    (datetime, "\"<class 'datetime.datetime'>\""),
    (Point, f'"{Point!s}"'),
    (Plain(), '"plain"'),
    (Scalar(), "0.5"),
    # keys
    ({1: "a", 2.5: "b", None: "c", False: "d"}, '{"1":"a","2.5":"b","None":"c","False":"d"}'),
    ({("a", 1): 2}, "{\"('a', 1)\":2}"),
    ({Text("k"): 1}, '{"k":1}'),
    ({Mode.FAST: 1}, '{"fast":1}'),
    ({1: "not a str", "1": "a str"}, '{"1":"a str"}'),
    (UserDict({1: "first", "1": "second"}), '{"1":"first"}'),
    # surrogates: a pair is its character, a lone one is replaced
    ("\ud83e\udd80", '"\U0001f980"'),
    ("a\ud800b", '"a\ufffdb"'),
    ({"\udfff": "\ud800"}, '{"\ufffd":"\ufffd"}'),
]


def written(client: overt.Client, value: object) -> str:
    """What stands in the line of an event that has this one property."""
    assert client.capture_event("e", {"value": value, "end": 0}), "the event was not recorded"
    line = client.pending()[-1]
    return line.partition('"properties":{"value":')[2].partition(',"end":0')[0]


@pytest.mark.parametrize(
    ("value", "expected"), TABLE, ids=[f"{type(value).__name__}-{text:.60}" for value, text in TABLE]
)
def test_a_value_is_written_as_its_json(client: overt.Client, value: object, expected: str) -> None:
    assert written(client, value) == expected


def test_a_value_of_each_kind_is_delivered(client: overt.Client, server: Server) -> None:
    assert client.capture_event("e", {str(place): value for place, (value, _) in enumerate(TABLE)})
    assert client.flush()
    assert (server.names, client.losses()) == (["e"], {})


def test_a_naive_datetime_is_local_time(client: overt.Client) -> None:
    naive = datetime(2026, 11, 20, 18, 10)
    assert written(client, naive) == f'"{naive.astimezone().isoformat()}"'
    assert "+" in written(client, naive) or "-" in written(client, naive)[11:]


def test_properties_may_be_any_mapping(client: overt.Client) -> None:
    for properties in ({"a": 1}, Counter("a"), types.MappingProxyType({"a": 1}), Counter({"a": 1})):
        assert client.capture_event("e", properties)
    assert all('"properties":{"a":1,' in line for line in client.pending())


def test_an_event_needs_no_properties(client: overt.Client) -> None:
    assert client.capture_event("e")
    assert client.capture_event("e", None)
    assert client.capture_event("e", {})
    assert all('"properties":{"$os":' in line for line in client.pending())
