"""The options of a client, for type checkers. ``overt.Client`` says what they mean; none has its default here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Required


class Options(TypedDict, total=False):
    """The keyword arguments of ``Client``."""

    app: Required[str]
    app_version: str | None
    api_key: str | None
    endpoint: str | None
    allow_plain_http: bool | None
    wire: str | None
    compression: str | None
    extra_headers: Mapping[str, str] | None
    flush_at: int | None
    flush_interval: float | None
    max_retries: int | None
    timeout: float | None
    connect_timeout: float | None
    exit_timeout: float | None
    max_event_bytes: int | None
    max_batch_bytes: int | None
    max_spool_events: int | None
    max_spool_bytes: int | None
    max_spool_age: float | None
    max_memory_events: int | None
    disable_geoip: bool | None
    person_profiles: bool | None
    historical_migration: bool | None
    super_properties: Mapping[str, object] | None
    enrich: bool | None
    before_send: Callable[[dict[str, Any]], Mapping[str, object] | None] | None
    state_dir: str | os.PathLike[str] | None
    client_id_path: str | os.PathLike[str] | None
    consent: bool | Callable[[], bool | None] | None
    consent_env: str | Iterable[str] | None
    default_consent: bool | None
    respect_do_not_track: bool | None
    in_ci: bool | None
    background: bool | None
    debug: bool | None
