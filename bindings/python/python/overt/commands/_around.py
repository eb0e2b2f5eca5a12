"""Calls with something around them, asynchronous ones too."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    _Section = AbstractContextManager[object]
    _Call = Callable[..., Any]

# What Python's own `inspect` looks at; importing that takes longer than most commands.
_CO_COROUTINE = 0x80


def is_async(call: object) -> bool:
    """Whether calling this gives a coroutine and does nothing yet."""
    for inner in ("func", "__func__"):
        call = getattr(call, inner, call)
    code = getattr(call, "__code__", None)
    return bool(getattr(code, "co_flags", 0) & _CO_COROUTINE)


def around(section: _Section, call: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls inside a section. What is raised leaves untouched."""
    if is_async(call):
        return around_async(section, call, args, kwargs)
    with section:
        return call(*args, **kwargs)


async def around_async(section: _Section, call: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """As `around`, once it is awaited."""
    with section:
        return await call(*args, **kwargs)


def override(thing: object, name: str, replace: Callable[[_Call, tuple[Any, ...], dict[str, Any]], Any]) -> None:
    """Overrides a method of one object, and of no other: `replace` gets the method and what it is called with."""
    from functools import update_wrapper

    method: _Call = getattr(thing, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        return replace(method, args, kwargs)

    setattr(thing, name, update_wrapper(call, method))
