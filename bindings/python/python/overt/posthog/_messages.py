"""What a call becomes: the message, in the form that posthog gives it.

Pure but for the context. The caller's dicts are not touched.
"""

from __future__ import annotations

from overt.posthog import _contexts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overt.posthog._calls import Call


class Message:
    """An event to be. Without a distinct ID it is the installation's, and anonymous."""

    __slots__ = ("distinct_id", "event", "properties", "timestamp", "uuid")

    def __init__(self, event: Any, distinct_id: str | None, properties: dict[str, Any], given: dict[str, Any]) -> None:
        self.event = event
        self.distinct_id = distinct_id
        self.properties = properties
        self.timestamp = _moment(given.get("timestamp"))
        self.uuid = given.get("uuid")

    def told(self) -> dict[str, Any]:
        """As posthog has it. What is not known yet is not in it."""
        told = {"event": self.event, "distinct_id": self.distinct_id, "properties": self.properties}
        if self.timestamp is not None:
            told["timestamp"] = self.timestamp.isoformat()
        return told


def captured(call: Call) -> Message:
    given = call.given
    properties = _in_context(given.get("properties"))
    distinct_id = _identity(given.get("distinct_id"))
    if distinct_id is None:
        properties.setdefault("$process_person_profile", False)
    if given.get("groups"):
        properties["$groups"] = given["groups"]
    return Message(given.get("event"), distinct_id, properties, given)


def about_person(event: str, key: str, call: Call) -> Message | None:
    """``$set`` and such. Nothing to say, or nobody to say it about: no event (before 6, there always was one)."""
    given = call.given
    person = _in_context(given.get("properties"))
    distinct_id = _identity(given.get("distinct_id"))
    if distinct_id is None or not (person or call.old):
        return None
    return Message(event, distinct_id, {key: person}, given)


def page(call: Call) -> Message:
    seen = {**(call.given.get("properties") or {}), "$current_url": call.given.get("url")}
    return captured(_with(call, event="$pageview", properties=seen))


def exception(call: Call, about: dict[str, Any]) -> Message:
    """The caller's own properties win."""
    return captured(_with(call, event="$exception", properties={**about, **(call.given.get("properties") or {})}))


def alias(call: Call) -> Message | None:
    previous, distinct_id = _text(call.given.get("previous_id")), _identity(call.given.get("distinct_id"))
    if previous is None or distinct_id is None:
        return None
    properties = _in_session({"distinct_id": previous, "alias": distinct_id})
    return Message("$create_alias", previous, properties, call.given)


def group(call: Call) -> Message | None:
    given = call.given
    kind, key = given.get("group_type"), given.get("group_key")
    if _text(kind) is None or _text(key) is None:
        return None
    properties = {"$group_type": kind, "$group_key": key, "$group_set": {**(given.get("properties") or {})}}
    # A group is nobody in particular. posthog from 6 on makes a new person up for each such event; before, it was this.
    distinct_id = _identity(given.get("distinct_id")) or f"${kind}_{key}"
    return Message("$groupidentify", distinct_id, _in_session(properties), given)


def _with(call: Call, **given: Any) -> Call:
    call.given = {**call.given, **given}
    return call


def _text(given: object) -> str | None:
    return None if given is None else (str(given) or None)


def _identity(given: object) -> str | None:
    return _text(given) or _text(_contexts.get_context_distinct_id())


def _in_context(properties: Any) -> dict[str, Any]:
    said: dict[str, Any] = {**(properties or {})}
    if _contexts.is_in_context():
        tags = _contexts.get_tags()
        said = {**tags, "$context_tags": sorted(map(str, tags)), **said}
    return _in_session(said)


def _in_session(properties: dict[str, Any]) -> dict[str, Any]:
    session = _contexts.get_context_session_id()
    if session is not None:
        properties.setdefault("$session_id", session)
    return properties


def _moment(given: Any) -> Any:
    """A time without a zone is UTC to posthog, unless it is of this very moment: then it is local. No time: now."""
    if given is None:
        return None
    from datetime import datetime, timezone

    def parsed(text: str) -> datetime:
        if len(text) <= len("2026-11-20"):
            raise ValueError("a day is no moment")
        return datetime.fromisoformat(text.replace("Z", "+00:00"))

    try:
        time = parsed(given) if isinstance(given, str) else given
        if time.tzinfo is None and not 0 <= (datetime.now() - time).total_seconds() < 5:
            return time.replace(tzinfo=timezone.utc)
        return time.astimezone(timezone.utc)
    except (AttributeError, OverflowError, TypeError, ValueError):
        return None
