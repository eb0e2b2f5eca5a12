"""The client of an interpreter in which the native module cannot be loaded: it has every method and does nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from typing_extensions import Self, Unpack

    from overt._answers import Capture, Consent, Ledger, Paths, Stats
    from overt._options import Options

# The package's version lies in its metadata; reading that costs more than all else here and serves nobody.
__version__ = "0+unavailable"


class Client:
    """Records nothing."""

    def __init__(self, **options: Unpack[Options]) -> None:
        self._app = options.get("app", "")

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
    ) -> str | None:
        return None

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
    ) -> Capture:
        from overt._answers import Capture

        return Capture("disabled", None, None)

    def record_command(self, path: str, exit_code: int) -> bool:
        return False

    def flush(self, timeout: float = 5.0) -> bool:
        return True

    def close(self, timeout: float | None = None) -> None:
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        return None

    @property
    def app(self) -> str:
        return self._app

    @property
    def enabled(self) -> bool:
        return False

    @property
    def consent(self) -> Consent:
        from overt._answers import Consent

        return Consent(False, "unavailable")

    def set_consent(self, enabled: bool) -> Consent:
        return self.consent

    @property
    def notice_shown(self) -> bool:
        return False

    @property
    def client_id(self) -> str | None:
        return None

    def reset_client_id(self) -> str | None:
        return None

    def salted_hash(self, text: str) -> str | None:
        return None

    @property
    def stats(self) -> Stats:
        from overt._answers import Stats

        return Stats(0, 0, 0, 0, 0, 0, 0, 0, "none")

    def losses(self) -> dict[str, int]:
        return {}

    def counters(self) -> str | None:
        return None

    def pending(self) -> list[str]:
        return []

    def sent(self) -> list[str]:
        return []

    @property
    def ledger(self) -> Ledger:
        from overt._answers import Ledger

        return Ledger(0, 0, 0, 0, {}, 0)

    @property
    def paths(self) -> Paths | None:
        return None

    def __repr__(self) -> str:
        return f"<overt.Client app={self._app!r} (unavailable)>"
