"""Usage telemetry that users can read and switch off.

    import overt

    client = overt.Client(app="starfish", app_version="1.2", api_key="phc_...", endpoint="https://...")
    client.capture_event("starfish_job", {"target_reached": True, "num_inputs": 12})

When ``capture_event`` has returned, the event survives the death of the process. Nothing waits for the network unless
it is asked to, nothing is printed, and after construction nothing raises: an exception of a callable or of a value of
yours is swallowed, except for what is no ``Exception`` (``KeyboardInterrupt``, ``SystemExit``).

A program with one client can leave it to the module: ``overt.init(app=...)``, then ``overt.capture_event(...)``
anywhere; before ``init`` it does nothing. A library makes a ``Client`` of its own.
"""

from __future__ import annotations

# Import time is a feature: nothing here but what every program needs. What few need comes when it is asked for.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from typing_extensions import Unpack

    from overt._answers import Capture as Capture
    from overt._answers import Consent as Consent
    from overt._answers import Ledger as Ledger
    from overt._answers import Paths as Paths
    from overt._answers import Stats as Stats
    from overt._environment import Environment as Environment
    from overt._environment import environment as environment
    from overt._options import Options
    from overt._overt import Client, __version__
else:
    try:
        from overt._overt import Client, __version__
    except ImportError:
        # A subinterpreter, a platform without a wheel, a damaged installation: telemetry is no reason to fail.
        from overt._noop import Client, __version__

__all__ = [
    "Capture",
    "Client",
    "ConfigError",
    "Consent",
    "Environment",
    "Ledger",
    "Paths",
    "Stats",
    "__version__",
    "capture_event",
    "environment",
    "flush",
    "init",
    "shutdown",
]

# Where the names are that come when they are asked for.
_LATER = dict.fromkeys(("Capture", "Consent", "Ledger", "Paths", "Stats"), "overt._answers")
_LATER.update(Environment="overt._environment", environment="overt._environment")

_client: Client | None = None


class ConfigError(ValueError):
    """An option of a client cannot be used. The message begins with its name."""


def init(**options: Unpack[Options]) -> Client:
    """Makes the client behind this module's functions, and closes the one before. The keywords are ``Client``'s."""
    global _client
    client = Client(**options)
    before, _client = _client, client
    if before is not None:
        before.close()
    return client


def capture_event(
    name: str,
    properties: Mapping[str, object] | None = None,
    *,
    distinct_id: str | None = None,
    timestamp: datetime | str | None = None,
    uuid: str | UUID | None = None,
    options: Mapping[str, object] | None = None,
    force: bool | None = None,
) -> str | None:
    """Records an event with the client of ``init``. Gives its UUID, or None if nothing was recorded."""
    if _client is None:
        return None
    return _client.capture_event(
        name,
        properties,
        distinct_id=distinct_id,
        timestamp=timestamp,
        uuid=uuid,
        options=options,
        force=force,
    )


def flush(timeout: float = 5.0) -> bool:
    """Waits at most ``timeout`` seconds until everything recorded before is delivered. True if it is."""
    return True if _client is None else _client.flush(timeout)


def shutdown(timeout: float | None = None) -> None:
    """Ends delivery, as ``Client.close`` does. What is captured afterwards waits for the next run."""
    if _client is not None:
        _client.close(timeout)


if not TYPE_CHECKING:  # a type checker would take any name for one of ours

    def __getattr__(name):
        if name in _LATER:
            from importlib import import_module

            return getattr(import_module(_LATER[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
