"""The keywords that `track_command` and `instrument` share, for readers and type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from overt.commands._events import Allowlist
    from overt.commands._run import Run, Shape


class RunOptions(TypedDict, total=False):
    """The keywords that `track_command` and `instrument` share."""

    program: str | None
    """The first word of each command. Default: the client's app."""
    attributes: Mapping[str, object] | Callable[[Run], Mapping[str, object]] | None
    """Properties of the run, or who gives them when it has ended."""
    exit_code: Callable[[BaseException | None], int] | None
    """The exit code that stands for an exception, or for None. Default: the one that the process really ends with."""
    allowlist: Allowlist | Mapping[str, Iterable[str]] | None
    """The events that may be tracked. Default: none."""
    shape: Shape | None
    """What is recorded. Default: `Shape()`."""
