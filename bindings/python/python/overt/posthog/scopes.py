"""``posthog.scopes``, as ``posthog.contexts`` was called in posthog 4 and 5."""

from overt.posthog._contexts import (
    clear_tags,
    get_tags,
    identify_context,
    new_context,
    scoped,
    set_context_session,
    tag,
)

__all__ = ["clear_tags", "get_tags", "identify_context", "new_context", "scoped", "set_context_session", "tag"]
