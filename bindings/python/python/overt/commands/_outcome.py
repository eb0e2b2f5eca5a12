"""How a run ended: pure functions over the exception that ended it, or None.

The exceptions of click are known by their names, not by their classes: typer carries a copy of click inside, asyncclick
is another one, and none of them needs to be installed.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SUCCESS = "success"

# Packages whose parsers raise click's exceptions.
_CLICKS = frozenset(("asyncclick", "click", "typer"))

# How a shell tells that SIGINT ended a process: 128 and the signal's number.
_INTERRUPTED = 130


def kinds(error: BaseException | None) -> frozenset[str]:
    """The names of those of an exception's classes that are a command-line parser's."""
    found = []
    for cls in type(error).__mro__:
        package = cls.__module__.partition(".")[0]
        if package in _CLICKS or (package == "argparse" and cls.__name__ == "ArgumentError"):
            found.append(cls.__name__)
    return frozenset(found)


def is_usage_error(error: BaseException | None) -> bool:
    """Whether the command line was refused."""
    return not kinds(error).isdisjoint(("UsageError", "ArgumentError"))


def is_success(error: BaseException | None) -> bool:
    """Whether this ends a process with exit code 0."""
    if error is None:
        return True
    return (isinstance(error, SystemExit) or "Exit" in kinds(error)) and process_exit_code(error) == 0


def is_answer(error: BaseException | None) -> bool:
    """Whether a parser ends so after it has answered a question: help, version. No command was run."""
    return error is not None and (is_success(error) or "NoArgsIsHelpError" in kinds(error))


def process_exit_code(error: BaseException | None) -> int:
    """The exit code of a process whose main ends so."""
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return _of_system_exit(error.code)
    own: object = getattr(error, "exit_code", None) if kinds(error) else None
    if isinstance(own, int):
        return _as_seen(own)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def by_fault(*user_errors: type[BaseException]) -> Callable[[BaseException | None], int]:
    """A rule for exit codes that says whose fault it was: 0; 1 for exceptions that mean a mistake of the user's, these
    and those of a refused command line; 255 for everything else."""

    def rule(error: BaseException | None) -> int:
        if is_success(error):
            return 0
        return 1 if isinstance(error, user_errors) or is_usage_error(error) else 255

    return rule


def exit_reason(error: BaseException | None) -> str:
    """`success`, or the name of the exception's class; or that which the exception says it wraps, in `wrapped_from`."""
    if is_success(error):
        return SUCCESS
    wrapped: object = getattr(error, "wrapped_from", None)
    return wrapped if is_name(wrapped) and isinstance(wrapped, str) else class_name(error)


def class_name(error: object) -> str:
    """The name of an object's class. Nothing else: a name can be set to any text."""
    name: object = type(error).__name__
    return name if is_name(name) and isinstance(name, str) else "Exception"


def is_name(text: object) -> bool:
    """Whether this is a name, dotted perhaps, of a usual length, and so no message."""
    return isinstance(text, str) and len(text) <= 200 and all(part.isidentifier() for part in text.split("."))


def _of_system_exit(code: object) -> int:
    if code is None:
        return 0
    return _as_seen(code) if isinstance(code, int) else 1  # a text is printed, and means 1


def _as_seen(code: int) -> int:
    return code if sys.platform == "win32" else code & 0xFF
