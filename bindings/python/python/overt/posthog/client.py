"""``posthog.client``, for programs that import from it."""

from overt.posthog._client import Client, Posthog

__all__ = ["Client", "Posthog"]
