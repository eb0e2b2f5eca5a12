"""Starfish's analytics interface, on overt: one structured event when a job ends.

    config = AnalyticsConfig(api_key="phc_...", app_version="0.4.2", client_id_path=data_dir / ".starfish_config")
    AnalyticsService(config).capture_event(Event(name="starfish_job", data={"target_reached": True}))

Whether anything is recorded overt decides, by its usual rules: ``TELEMETRY_ENABLED`` and all others count, and
``active=False`` makes a service that does nothing. Nothing here raises, the exit waits for nothing, and an ID file is
read if it is there and made only when an event is recorded.
"""

from __future__ import annotations

import os

import overt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from overt._noop import Client as Nothing

__all__ = ["AnalyticsConfig", "AnalyticsService", "Event"]


class AnalyticsConfig:
    """What a service needs to know.

    ``verbose``: say on stdout what was captured; ``DEBUG_MODE`` in the environment does the same. ``endpoint``: the
    server; if None, ``POSTHOG_HOST`` from the environment, or else PostHog's US cloud. ``options`` are those of
    ``overt.Client``: ``app`` (default: ``starfish``), ``app_version``, ``client_id_path`` for an ID file of the
    program's own, and so on.
    """

    def __init__(
        self,
        api_key: str | None,
        active: bool = True,
        verbose: bool = False,
        endpoint: str | None = None,
        **options: Any,
    ) -> None:
        self.api_key = api_key
        self.active = active
        self.verbose = verbose
        self.endpoint = endpoint
        self.options = options

    def __repr__(self) -> str:
        return f"AnalyticsConfig(active={self.active!r}, verbose={self.verbose!r}, endpoint={self.endpoint!r})"


class Event:
    """What happened. ``client_id``: who it happened to; if None, the stored ID."""

    def __init__(self, name: str, data: Mapping[str, object], client_id: str | None = None) -> None:
        self.name = name
        self.data = data
        self.client_id = client_id

    def __repr__(self) -> str:
        return f"Event(name={self.name!r}, data={self.data!r}, client_id={self.client_id!r})"


class AnalyticsService:
    """Captures events. May be used from any thread.

    ``client`` is the ``overt.Client`` behind it, for all that stands not here. If ``active`` is false or an option
    cannot be used, it is one that does nothing; ``error`` is the exception in the latter case.
    """

    def __init__(self, config: AnalyticsConfig) -> None:
        self.config = config
        self.error: Exception | None = None
        self.client: overt.Client | Nothing
        try:
            self.client = _client(config)
        except Exception as error:
            self.client, self.error = _nothing(), error  # a job is not to end for want of telemetry

    def capture_event(self, event: Event) -> None:
        """Records an event: when this has returned, it survives the death of the process."""
        recorded = self.client.capture_event(event.name, event.data, distinct_id=event.client_id)
        if recorded is not None and (self.config.verbose or _is_set("DEBUG_MODE")):
            try:
                print(f"[telemetry] Captured event: {event.name} with data: {event.data}", flush=True)  # noqa: T201
            except Exception:
                return  # no stdout, one that is closed, or data without a text

    send_event = capture_event


def _client(config: AnalyticsConfig) -> overt.Client | Nothing:
    if not config.active:
        return _nothing()
    options: dict[str, Any] = {"app": "starfish", **config.options}
    endpoint = config.endpoint or os.environ.get("POSTHOG_HOST")
    return overt.Client(api_key=config.api_key, endpoint=endpoint, **options)


def _nothing() -> Nothing:
    """A client that touches nothing, not even what an earlier run left."""
    from overt._noop import Client

    return Client(app="starfish")


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() in ("1", "true", "t", "yes", "y", "on")
