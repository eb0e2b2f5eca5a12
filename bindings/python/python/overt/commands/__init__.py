"""Runs of a tool's commands: which command, how long, how it ended. For click, Typer and argparse.

    from overt import commands

    commands.instrument(cli, client)     # a click group or command, or a typer.Typer: each command below it, too

    @cli.command()
    @commands.track_command(client)      # or one command alone
    def deploy() -> None: ...

    with commands.track_command(client, parser) as run:      # argparse
        args = parser.parse_args()

One event a run, `command_run`, as the last thing before the tool ends: `command` (the names that the parser has for it;
never what was typed), `duration_ms`, `exit_reason`, `exit_code`, `session_id`. Help, version and completion are not
recorded. Whatever the tool raises goes on untouched. Neither click nor typer is imported.
"""

from __future__ import annotations

from overt.commands._outcome import by_fault, process_exit_code
from overt.commands._run import LongEvent, Run, Settings, Shape, current_run, run_of_events
from overt.commands._track import Tracked, track_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from typing_extensions import Unpack

    from overt.commands._events import Allowlist as Allowlist
    from overt.commands._options import RunOptions as RunOptions
    from overt.commands._run import _ClientSource

    _C = TypeVar("_C")

__all__ = [
    "Allowlist",
    "LongEvent",
    "Run",
    "RunOptions",
    "Shape",
    "Tracked",
    "by_fault",
    "current_run",
    "instrument",
    "process_exit_code",
    "track_command",
    "track_event",
    "track_long_event",
]


def instrument(command: _C, client: _ClientSource, **options: Unpack[RunOptions]) -> _C:
    """Records each run of a click group or command, or of a Typer application, and of all commands below it, whenever
    they are loaded. Gives it back. TypeError: it is neither.

    `client`: a client, or what makes it, called once, when a command is about to run: not for help, version or
    completion. It needs `program`. A group's own code runs before.
    """
    from overt.commands import _click

    settings = Settings(client, **options)
    if hasattr(command, "registered_commands"):
        _click.instrument_typer(command, settings)
    elif all(hasattr(command, name) for name in ("main", "make_context", "invoke")):
        _click.instrument(command, settings)
    else:
        raise TypeError(f"instrument: {type(command).__name__} is no command of click and no Typer application")
    return command


def track_event(name: str, value: str, *, exception: BaseException | None = None) -> None:
    """`Run.track_event` of the current run; after the end of all runs, of the last one; without any, nothing."""
    run = run_of_events()
    if run is not None:
        run.track_event(name, value, exception=exception)


def track_long_event(start_name: str, start_value: str, end_name: str, end_value: str) -> LongEvent:
    """`Run.track_long_event` of the same run as `track_event`."""
    return LongEvent(run_of_events(), (start_name, start_value), (end_name, end_value))


if not TYPE_CHECKING:

    def __getattr__(name: str) -> type:
        if name == "Allowlist":
            from overt.commands._events import Allowlist

            return Allowlist
        if name == "RunOptions":
            from overt.commands._options import RunOptions

            return RunOptions
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
