"""One ``overt.Client`` for each key and host, for all libraries of the process.

A client is made when the first event goes there, and is never closed: another library may use it. Clients differ, too,
by the options of overt's own that somebody gave, and by whether their events are reviewed (``before_send``): a review
costs a look at the finished event, which nobody else is to pay.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import monotonic

import overt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from overt.posthog._aliases import Destination, Event, Review

APP = "posthog"
"""The app of programs that do not name themselves: one state directory, one choice for all of them."""

OWN_OPTIONS = frozenset(
    (
        "app",
        "app_version",
        "allow_plain_http",
        "wire",
        "compression",
        "extra_headers",
        "connect_timeout",
        "exit_timeout",
        "max_event_bytes",
        "max_batch_bytes",
        "max_spool_events",
        "max_spool_bytes",
        "max_spool_age",
        "max_memory_events",
        "person_profiles",
        "enrich",
        "report_losses",
        "state_dir",
        "client_id_path",
        "keep_sent",
        "consent",
        "consent_env",
        "default_consent",
        "respect_do_not_track",
        "in_ci",
        "notice",
        "send_before_notice",
        "notice_anywhere",
        "detached_upload",
        "background",
    )
)
"""Options of ``overt.Client`` that posthog does not have."""

SHARED_OPTIONS = frozenset(("flush_at", "flush_interval", "max_retries", "timeout", "historical_migration"))
"""Options that both have, under one name and in one sense."""

OPTIONS = tuple(sorted(OWN_OPTIONS | SHARED_OPTIONS))

# With the options, so that what a key names by its address lives as long as the key.
_made: dict[tuple[object, ...], tuple[Destination, dict[str, Any]]] = {}
_review: ContextVar[Review | None] = ContextVar("overt.posthog.before_send", default=None)


def destination(api_key: str, host: str, reviewed: bool, settings: Mapping[str, Any]) -> Destination:
    """The client for a key and a host; or, for good, why there is none."""
    options = {name: settings[name] for name in OPTIONS if settings.get(name) is not None}
    if settings.get("gzip"):
        options.setdefault("compression", "gzip")
    key = (api_key, host, reviewed, *((name, _mark(value)) for name, value in options.items()))
    made = _made.get(key)
    if made is None:
        # Two threads may both make one; a lock would be inherited by forked children, and perhaps locked.
        made = _made.setdefault(key, (_make(api_key, host, reviewed, options), options))
    return made[0]


def _mark(value: object) -> object:
    """What tells an option's value from others: itself, or where it is."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value


def _make(api_key: str, host: str, reviewed: bool, options: dict[str, Any]) -> Destination:
    fixed: dict[str, Any] = {"api_key": api_key, "endpoint": host, "before_send": _reviewed if reviewed else None}
    # Whether an event is to have these is said by each event, as posthog does.
    fixed |= {"disable_geoip": False, "app": APP, "person_profiles": True}
    try:
        return overt.Client(**{**fixed, **options})
    except Exception as error:
        if not SHARED_OPTIONS.isdisjoint(options):
            # posthog takes any number for these; telemetry is no reason to be strict.
            return _make(api_key, host, reviewed, {name: options[name] for name in OWN_OPTIONS & options.keys()})
        return error


def reviewing(review: Review | None) -> Any:
    """Sets who reviews what this thread captures until ``reviewed_before`` gets the answer."""
    return _review.set(review)


def reviewed_before(token: Any) -> None:
    _review.reset(token)


def _reviewed(event: Event) -> Mapping[str, object] | None:
    """Shows an event in the form that posthog's have: there, a person's properties stand beside the others."""
    review = _review.get()
    if review is None:
        return event
    name = event["event"]
    lifted = [key for key in ("$set", "$set_once") if name in (key, "$identify") and key in event["properties"]]
    for key in lifted:
        event[key] = event["properties"].pop(key)
    answer = review(event)
    if answer is None or not lifted:
        return answer
    folded = {key: answer[key] for key in lifted if key in answer}
    return {**answer, "properties": {**answer["properties"], **folded}}  # type: ignore[dict-item]


def flush(clients: Collection[overt.Client], seconds: float) -> bool:
    """Waits until everything is delivered, at most so long for all of them together."""
    deadline = monotonic() + seconds
    delivered = True
    for done, client in enumerate(clients):
        # Each has its share, so that one dead server does not take the time of all.
        share = (deadline - monotonic()) / (len(clients) - done)
        delivered &= client.flush(max(0.0, share))
    return delivered
