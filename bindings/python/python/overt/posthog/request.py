"""``posthog.request``, for programs that catch its errors. Nothing here raises them."""

from __future__ import annotations

from overt.posthog._inert import disable_connection_reuse, enable_keep_alive, set_socket_options

__all__ = ["APIError", "QuotaLimitError", "disable_connection_reuse", "enable_keep_alive", "set_socket_options"]


class APIError(Exception):
    """What posthog raises for an answer that is no success."""

    def __init__(self, status: int | str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after


class QuotaLimitError(APIError):
    """What posthog raises when a project has used up what it pays for."""
