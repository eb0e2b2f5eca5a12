"""posthog's clients for asynchronous programs. Recording is one short write; what waits does so in a thread."""

from __future__ import annotations

import asyncio

from overt.posthog import _flags
from overt.posthog._client import SHUTDOWN_SECONDS, Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self


class AsyncClient(Recorder):
    """As ``Client``; ``flush``, ``join``, ``shutdown`` and the reads of flags are awaited."""

    async def capture_immediate(self, event: str, **named: Any) -> str | None:
        """As ``capture``, and waits for the delivery: 5 seconds at the most."""
        uuid: str | None = self.capture(event, **named)
        await self.flush()
        return uuid

    async def flush(self, timeout_seconds: float | None = None) -> None:
        """Waits until what this client recorded is delivered: 5 seconds at the most, or as many as are given."""
        await asyncio.to_thread(self._wait, timeout_seconds)

    async def join(self) -> None:
        """As ``shutdown``."""
        await self.flush(SHUTDOWN_SECONDS)

    async def shutdown(self) -> None:
        """Waits 2 seconds at the most. The client can still be used."""
        await self.flush(SHUTDOWN_SECONDS)

    async def evaluate_flags(self, *_args: object, **_named: object) -> _flags.FeatureFlagEvaluations:
        """A snapshot of no flag."""
        return _flags.FeatureFlagEvaluations()

    async def get_remote_config_payload(self, *_args: object, **_named: object) -> Any:
        """Unknown: None."""
        return None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.shutdown()


class AsyncPosthog(AsyncClient):
    """The name by which programs know it."""
