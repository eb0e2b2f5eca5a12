"""What a client answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    from pathlib import Path


class Capture(NamedTuple):
    """What became of an event. True if it is recorded.

    ``status`` is ``"ok"``; or nothing is wrong, and it is ``"disabled"`` (consent is off) or ``"dropped"`` (by what
    ``reason`` says); or it is the word for what is wrong, such as ``"invalid_name"``, and ``reason`` is a sentence.
    """

    status: str
    uuid: str | None
    reason: str | None

    def __bool__(self) -> bool:
        return self.status == "ok"


class Consent(NamedTuple):
    """Whether events are recorded, and the rule that decided. True while they are."""

    enabled: bool
    reason: str

    def __bool__(self) -> bool:
        return self.enabled


class Paths(NamedTuple):
    """Where an app's files lie. They need not exist."""

    state_dir: Path
    consent: Path
    client_id: Path
    spool: Path


class Stats(NamedTuple):
    """What a client did in this process."""

    recorded: int
    """Events recorded."""
    delivered: int
    """Events delivered, those of other processes included."""
    unconfirmed: int
    """Of these, events about which the server said nothing that overt understands."""
    pending: int
    """Events that wait, those of other processes included as far as they are known."""
    lost: int
    """Events lost; ``losses`` says why."""
    requests: int
    """Requests made."""
    failures: int
    """Requests that brought no acknowledgement."""
    panics: int
    """Panics of overt's thread that were caught."""
    storage: str
    """Where events wait: ``none`` before the first one, ``disk`` or ``memory``."""


class Ledger(NamedTuple):
    """What was delivered and lost over all processes."""

    delivered: int
    unconfirmed: int
    requests: int
    failures: int
    lost: dict[str, int]
    parked_until_ms: int


class Project(TypedDict):
    """Hashes, 64 lower-case hex digits each; None where there is nothing to hash, or telemetry is off."""

    git_origin: str | None
    """Of the URL of the remote `origin`: host and path. None also for a path on this machine."""
    project_name: str | None
    """Of the URL's last part, or else of the working directory's name."""
    initial_commit: str | None
    """Of the first commit's hash, or those of several. None in a shallow clone, which has none."""
