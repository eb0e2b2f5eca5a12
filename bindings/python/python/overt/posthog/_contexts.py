"""Contexts: what is said once about all events captured inside a ``with new_context():`` block.

A block's tags become properties of its events, its distinct ID and session are theirs unless they name their own. Inner
blocks inherit all of it unless they are ``fresh``. Threads and asynchronous tasks have contexts of their own, as
``contextvars`` has it. Outside of any block nothing is kept: setting something there does nothing.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from overt.posthog._aliases import Captures, Function


_current: ContextVar[ContextScope | None] = ContextVar("overt.posthog.context", default=None)


class ContextScope:
    """What is known inside one block. ``parent``: the block around it that it inherits from."""

    def __init__(self, parent: ContextScope | None) -> None:
        self.parent = parent
        self.tags: dict[str, Any] = {}
        self.said: dict[str, str] = {}

    def chain(self) -> Iterator[ContextScope]:
        """This block and those that it inherits from, the innermost first."""
        scope: ContextScope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


class new_context:  # noqa: N801 - posthog's name; used as a function
    """Begins a context for a ``with`` block, or for each call of a function that it decorates.

    ``capture_exceptions``: whether an exception that leaves the block is captured, by ``client`` or else by the module;
    if None, as its ``enable_exception_autocapture`` says. The exception goes on either way.
    """

    def __init__(
        self, fresh: bool = False, capture_exceptions: bool | None = None, client: Captures | None = None
    ) -> None:
        self._fresh = fresh
        self._capture_exceptions = capture_exceptions
        self._client = client
        self._around: list[ContextScope | None] = []

    def __enter__(self) -> None:
        around = _current.get()
        self._around.append(around)
        _current.set(ContextScope(None if self._fresh else around))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, Exception):
                self._left_by(error)
        finally:
            # By `set`, not by a token: a generator may end in another context than it began in.
            _current.set(self._around.pop())

    def _left_by(self, error: Exception) -> None:
        client = self._client
        if client is None:
            from overt import posthog

            client = posthog.setup()
        wanted = self._capture_exceptions
        if client.enable_exception_autocapture if wanted is None else wanted:
            client.capture_exception(error)

    def _anew(self) -> Self:
        return type(self)(self._fresh, self._capture_exceptions, self._client)

    def __call__(self, function: Function) -> Function:
        from functools import wraps
        from inspect import iscoroutinefunction

        async def coroutine(*args: Any, **named: Any) -> Any:
            with self._anew():
                return await function(*args, **named)

        def plain(*args: Any, **named: Any) -> Any:
            with self._anew():
                return function(*args, **named)

        wrapped: Any = wraps(function)(coroutine if iscoroutinefunction(function) else plain)
        return wrapped  # type: ignore[no-any-return]


def scoped(fresh: bool = False, capture_exceptions: bool | None = None) -> new_context:
    """A decorator: each call of the function runs in a context of its own."""
    return new_context(fresh, capture_exceptions)


def tag(name: str = "", value: Any = None, *, key: str = "") -> None:
    """Makes a property of all events of this context. ``key`` is what ``name`` was called in posthog 4 and 5."""
    scope = _current.get()
    if scope is not None:
        scope.tags[name or key] = value


def get_tags() -> dict[str, Any]:
    """The tags of this context, inherited ones included; a copy."""
    scope = _current.get()
    tags: dict[str, Any] = {}
    for one in scope.chain() if scope is not None else ():
        tags = {**one.tags, **tags}
    return tags


def clear_tags() -> None:
    """Forgets the tags of this context (posthog 5)."""
    scope = _current.get()
    if scope is not None:
        scope.tags.clear()


def identify_context(distinct_id: str) -> None:
    """Makes this the distinct ID of all events of this context that name none."""
    _say("distinct_id", distinct_id)


def set_context_session(session_id: str) -> None:
    """Makes this the ``$session_id`` of all events of this context that name none."""
    _say("session_id", session_id)


def set_context_device_id(device_id: str) -> None:
    """Only feature flags would ask for it."""
    _say("device_id", device_id)


def get_context_distinct_id() -> str | None:
    return _said("distinct_id")


def get_context_session_id() -> str | None:
    return _said("session_id")


def get_context_device_id() -> str | None:
    return _said("device_id")


def is_in_context() -> bool:
    return _current.get() is not None


def _say(what: str, value: str) -> None:
    scope = _current.get()
    if scope is not None:
        scope.said[what] = value


def _said(what: str) -> str | None:
    scope = _current.get()
    for one in scope.chain() if scope is not None else ():
        if what in one.said:
            return one.said[what]
    return None


def set_capture_exception_code_variables_context(enabled: bool) -> None:
    """Does nothing, as do the four below: the values of variables are never captured."""


def set_code_variables_mask_patterns_context(mask_patterns: list[str]) -> None:
    pass


def set_code_variables_ignore_patterns_context(ignore_patterns: list[str]) -> None:
    pass


def set_code_variables_mask_url_credentials_context(enabled: bool) -> None:
    pass


def set_code_variables_detect_secrets_context(enabled: bool) -> None:
    pass
