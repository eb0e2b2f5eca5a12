import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from typing_extensions import Self, disjoint_base

from overt._answers import Capture, Consent, Ledger, Paths, Stats

__all__ = ["Client", "__version__", "command", "environment", "upload"]

__version__: Final[str]

@disjoint_base
class Client:
    def __new__(
        cls,
        *,
        app: str,
        app_version: str | None = None,
        api_key: str | None = None,
        endpoint: str | None = None,
        allow_plain_http: bool | None = None,
        wire: str | None = None,
        compression: str | None = None,
        ack: str | None = None,
        response_wait: float | None = None,
        extra_headers: Mapping[str, str] | None = None,
        flush_at: int | None = None,
        flush_interval: float | None = None,
        max_retries: int | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        exit_timeout: float | None = None,
        max_event_bytes: int | None = None,
        max_batch_bytes: int | None = None,
        max_spool_events: int | None = None,
        max_spool_bytes: int | None = None,
        max_spool_age: float | None = None,
        max_memory_events: int | None = None,
        disable_geoip: bool | None = None,
        person_profiles: bool | None = None,
        historical_migration: bool | None = None,
        super_properties: Mapping[str, object] | None = None,
        enrich: bool | None = None,
        report_losses: bool | None = None,
        before_send: Callable[[dict[str, Any]], Mapping[str, object] | None] | None = None,
        state_dir: str | os.PathLike[str] | None = None,
        client_id_path: str | os.PathLike[str] | None = None,
        counters_path: str | os.PathLike[str] | None = None,
        counters_endpoint: str | None = None,
        counters_interval: float | None = None,
        keep_sent: bool | None = None,
        client_id_key: str | None = None,
        consent: bool | Callable[[], bool | None] | None = None,
        consent_env: str | Iterable[str] | None = None,
        consent_path: str | os.PathLike[str] | None = None,
        consent_key: str | None = None,
        default_consent: bool | None = None,
        respect_do_not_track: bool | None = None,
        in_ci: bool | None = None,
        notice: str | None = None,
        send_before_notice: bool | None = None,
        notice_anywhere: bool | None = None,
        detached_upload: bool | None = None,
        background: bool | None = None,
        debug: bool | None = None,
    ) -> Self: ...
    def capture_event(
        self,
        name: str,
        properties: Mapping[str, object] | None = None,
        *,
        distinct_id: str | None = None,
        timestamp: datetime | str | None = None,
        uuid: str | UUID | None = None,
        options: Mapping[str, object] | None = None,
        force: bool | None = None,
    ) -> str | None: ...
    def capture(
        self,
        name: str,
        properties: Mapping[str, object] | None = None,
        *,
        distinct_id: str | None = None,
        timestamp: datetime | str | None = None,
        uuid: str | UUID | None = None,
        options: Mapping[str, object] | None = None,
        force: bool | None = None,
    ) -> Capture: ...
    def record_command(self, path: str, exit_code: int) -> bool: ...
    def flush(self, timeout: float = 5.0) -> bool: ...
    def close(self, timeout: float | None = None) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...
    @property
    def app(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def consent(self) -> Consent: ...
    def set_consent(self, enabled: bool) -> Consent: ...
    @property
    def notice_shown(self) -> bool: ...
    @property
    def client_id(self) -> str | None: ...
    def reset_client_id(self) -> str | None: ...
    def salted_hash(self, text: str) -> str | None: ...
    @property
    def stats(self) -> Stats: ...
    def losses(self) -> dict[str, int]: ...
    def counters(self) -> str | None: ...
    def pending(self) -> list[str]: ...
    def sent(self) -> list[str]: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def paths(self) -> Paths | None: ...

def command(
    verb: str,
    app: str,
    state_dir: str | os.PathLike[str] | None = None,
    json: bool = False,
    timeout: float | None = None,
) -> tuple[int, str, str]: ...
def environment(
    *,
    os: str | None = None,
    arch: str | None = None,
    variables: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    is_terminal: bool | None = None,
) -> dict[str, Any]: ...
def upload(args: Sequence[str]) -> bool: ...
