"""Which of posthog's call styles a call is in, and what it says: pure functions over the arguments.

Until posthog 5 a distinct ID stood first and a ``context`` was among the arguments; calls answered ``(success,
message)``. Since posthog 6 the event stands first, and calls answer the event's UUID or None. A call that is good in
both is taken for one of today's. Two names for one argument, and arguments that nobody knows, are no error.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_OLD_CAPTURE = (
    "distinct_id",
    "event",
    "properties",
    "context",
    "timestamp",
    "uuid",
    "groups",
    "send_feature_flags",
    "disable_geoip",
)
_PERSON = ("distinct_id", "properties", "context", "timestamp", "uuid", "disable_geoip")
_PAGE = ("distinct_id", "url", "properties", "context", "timestamp", "uuid", "disable_geoip")
_ALIAS = ("previous_id", "distinct_id", "timestamp", "uuid", "disable_geoip")
_GROUP = ("group_type", "group_key", "properties", "timestamp", "uuid", "disable_geoip", "distinct_id")
_EXCEPTION = ("exception", "distinct_id", "properties", "context", "timestamp", "uuid", "groups")


class Call:
    """A call as it was understood. ``old``: in the style of posthog before 6, whose answers it gets."""

    __slots__ = ("given", "old")

    def __init__(self, old: bool, names: tuple[str, ...], args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        self.old = old
        # Positionals beyond the names are nothing that posthog would have taken.
        self.given: dict[str, Any] = {**dict(zip(names, args)), **named}  # noqa: B905


def capture(args: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
    """A second positional, or ``event=`` beside a first one: that one was the distinct ID."""
    if len(args) > 1 or (args and "event" in named):
        return Call(True, _OLD_CAPTURE, args, named)
    return Call(False, ("event",), args, named)


def person(args: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
    """``set`` and ``set_once``, which take nothing by position any more."""
    return Call(bool(args) or "context" in named, _PERSON, args, named)


def identify(args: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
    return Call(True, _PERSON, args, named)


def page(args: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
    return Call(True, _PAGE, args, named)


def alias(args: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
    return _perhaps_with_context(_ALIAS, 2, args, named)


def group_identify(args: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
    return _perhaps_with_context(_GROUP, 3, args, named)


def capture_exception(args: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
    """By position posthog 6 takes nothing but the exception."""
    return Call(len(args) > 1 or "context" in named, _EXCEPTION, args, named)


def _perhaps_with_context(names: tuple[str, ...], place: int, args: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
    """At ``place`` stood the context, a dict; now the time stands there, which is none."""
    in_place, after = (*args[place:], None, None)[:2]
    old = isinstance(in_place, dict) or (in_place is None and hasattr(after, "isoformat"))
    if old:
        names = (*names[:place], "context", *names[place:])
    return Call(old or "context" in named, names, args, named)
