"""What a client answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


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
    delivered: int
    unconfirmed: int
    pending: int
    lost: int
    requests: int
    failures: int
    panics: int
    storage: str


class Ledger(NamedTuple):
    """What was delivered and lost over all processes."""

    delivered: int
    requests: int
    failures: int
    lost: dict[str, int]
    parked_until_ms: int
