"""An exception as PostHog's error tracking has it, without what it says about somebody's data.

Classes, modules, functions and line numbers go out. What the real package sends beside them does not: the message
(``str(error)`` holds file names, addresses, input), paths, lines of source and the values of variables. A program that
knows its messages to be harmless gives one in ``properties``.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

MAX_ERRORS = 5
"""Of a chain of causes: nobody reads more."""
MAX_FRAMES = 20
"""The innermost ones of each exception: at up to 250 bytes each, those of five exceptions make an event of 32 KiB."""
_INSTALLED = ("site-packages", "dist-packages", f"python{sys.version_info[0]}.{sys.version_info[1]}")
_CAPTURED = "__posthog_exception_captured"


def of(given: object) -> BaseException | None:
    """The exception that was meant: itself, in an ``exc_info`` tuple, or the one being handled."""
    if isinstance(given, tuple):
        given = given[1] if len(given) == 3 else None
    elif given is None:
        given = sys.exc_info()[1]
    return given if isinstance(given, BaseException) else None


def is_captured(error: BaseException) -> bool:
    return _CAPTURED in vars(error) if hasattr(error, "__dict__") else False


def mark_captured(error: BaseException) -> None:
    """So that an exception that passes several contexts is captured once."""
    if hasattr(error, "__dict__"):
        vars(error)[_CAPTURED] = True


def properties(error: BaseException) -> dict[str, Any]:
    return {"$exception_list": [_one(one) for one in _chain(error)], "$exception_level": "error"}


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, and what it arose from."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and len(chain) < MAX_ERRORS and all(following is not one for one in chain):
        chain.append(following)
        context = None if following.__suppress_context__ else following.__context__
        following = following.__cause__ or context
    return chain


def _one(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    module = None if kind.__module__ == "builtins" else kind.__module__
    said: dict[str, Any] = {"type": kind.__name__, "value": "", "module": module}
    said["mechanism"] = {"type": "generic", "handled": True}
    frames = _frames(error.__traceback__)
    if frames:
        said["stacktrace"] = {"type": "raw", "frames": frames}
    return said


def _frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        installed = any(part in code.co_filename for part in _INSTALLED)
        frames.append(
            {
                "platform": "python",
                "filename": module.replace(".", "/") + ".py",  # made from the module's name: no path of the machine's
                "module": module,
                "function": code.co_name,
                "lineno": trace.tb_lineno,
                "in_app": not installed,
            }
        )
        trace = trace.tb_next
    return frames[-MAX_FRAMES:]
