"""Commands of click, and of what is made like it: asyncclick, and typer, which carries a copy of click inside.

Nothing is imported, and no class is touched. Of the command that is instrumented, `main`, `make_context`, `invoke` and
`resolve_command` are overridden, on that object alone. What it resolves is overridden the moment before it is used, so
that commands which are loaded late are seen, too, and others are never loaded. All of them behave as before, and are
silent unless they run below one that is instrumented.
"""

from __future__ import annotations

import sys

from overt.commands import _outcome
from overt.commands._around import around, is_async, override
from overt.commands._run import Span, parsing_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from overt.commands._around import _Call
    from overt.commands._run import Run, Settings

# What an overridden object is marked with.
_SEEN = "_overt_seen"
_RESOLVES = "_overt_resolves"
_SETTINGS = "_overt_settings"


class _Section:
    """A part of a run. What is raised there may be the cause of the run's end, which `main` translates."""

    def __init__(self, run: Run, *, root: bool, parses: bool) -> None:
        self._run, self._root, self._parses = run, root, parses

    def __enter__(self) -> None:
        if self._root:
            self._run.cause = None

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        try:
            # Help and version are answered while parsing; a command that ends with 0 has run.
            if self._parses and _outcome.is_answer(error):
                self._run.answer = error
            if self._root and error is not None:
                self._run.cause = error
        except Exception:
            return


def instrument(command: Any, settings: Settings) -> None:
    """Records each run of a command's `main`. Instrumented anew, it has the new settings."""
    instrumented = _SETTINGS in vars(command)
    setattr(command, _SETTINGS, settings)
    if instrumented:
        return

    def await_parser(run: Run) -> None:
        run.parser = command
        run.recordable = False  # `main` may only complete a line in a shell

    def main(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return around(Span(getattr(command, _SETTINGS), await_parser), method, args, kwargs)

    def make_context(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        run = _run_of(command)
        if run is None or kwargs.get("resilient_parsing"):  # the latter: to complete a line in a shell
            return method(*args, **kwargs)
        run.recordable = True
        run.path = run.path[:1]
        return around(_Section(run, root=True, parses=True), method, args, kwargs)

    def invoke(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        run = _run_of(command)
        if run is None:
            return method(*args, **kwargs)
        if not _is_group(command):
            run.settings.open()
        return around(_Section(run, root=True, parses=False), method, args, kwargs)

    override(command, "main", main)
    override(command, "make_context", make_context)
    override(command, "invoke", invoke)
    _watch_resolving(command)


def instrument_typer(app: Any, settings: Settings) -> None:
    """Records each run of a Typer application, which makes its click command anew each time."""
    instrumented = _SETTINGS in vars(app)
    setattr(app, _SETTINGS, settings)
    if instrumented:
        return

    def cover() -> None:
        app.info.cls = _covered(app.info.cls, "TyperGroup", app)
        callback = app.registered_callback
        if callback is not None and isinstance(callback.cls, type):
            callback.cls = _covered(callback.cls, "TyperGroup", app)
        # The command of an application that has no other is its root.
        for command in app.registered_commands[:1]:
            command.cls = _covered(command.cls, "TyperCommand", app)

    def register(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        decorate = method(*args, **kwargs)

        def decorator(function: Any) -> Any:
            decorated = decorate(function)
            cover()
            return decorated

        return decorator

    cover()
    override(app, "command", register)
    override(app, "callback", register)


def _covered(given: Any, usual: str, app: Any) -> type:
    """A class of commands each of which is instrumented when it is made."""
    cls = getattr(given, "value", given) or getattr(sys.modules["typer.core"], usual)
    if _SEEN in vars(cls):
        return cls  # type: ignore[no-any-return]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        cls.__init__(self, *args, **kwargs)
        instrument(self, getattr(app, _SETTINGS))

    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return type(cls.__name__, (cls,), {**names, "__init__": __init__, _SEEN: True})


def path_of_context(program: str) -> tuple[str, ...] | None:
    """The path of the command that runs in this thread; None if none does."""
    for name in ("click.globals", "typer._click.globals", "asyncclick.globals"):
        get = getattr(sys.modules.get(name), "get_current_context", None)
        context = None if get is None else get(silent=True)
        if context is not None:
            words: list[str] = []
            while context.parent is not None:
                words.append(_name(context.parent, context.info_name, context.command))
                context = context.parent
            return (program, *reversed(words))
    return None


def _run_of(root: Any) -> Run | None:
    """The run of this context, if it is one of this command: it may be below another that is instrumented, too."""
    run = parsing_run()
    return run if run is not None and run.parser is root else None


def _watch(command: Any) -> None:
    """Sees how a command that was resolved is parsed, and what it resolves."""
    if _SEEN in vars(command):
        return
    setattr(command, _SEEN, True)

    def make_context(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        run = parsing_run()
        if run is None or kwargs.get("resilient_parsing"):
            return method(*args, **kwargs)
        return around(_Section(run, root=False, parses=True), method, args, kwargs)

    def invoke(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        run = parsing_run()
        if run is not None:
            run.settings.open()
        return method(*args, **kwargs)

    override(command, "make_context", make_context)
    if not _is_group(command):  # a group is invoked before the line behind it is parsed, which may ask for help
        override(command, "invoke", invoke)
    _watch_resolving(command)


def _is_group(command: Any) -> bool:
    return hasattr(command, "resolve_command")


def _watch_resolving(group: Any) -> None:
    if _RESOLVES in vars(group) or not _is_group(group):
        return
    setattr(group, _RESOLVES, True)

    def resolve(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_async(method):
            return resolve_async(method, args, kwargs)
        return _resolved(group, args, method(*args, **kwargs))

    async def resolve_async(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _resolved(group, args, await method(*args, **kwargs))

    override(group, "resolve_command", resolve)


def _resolved(group: Any, args: tuple[Any, ...], found: Any) -> Any:
    try:
        run, context = parsing_run(), args[0]
        name, command = found[0], found[1]
        if run is not None and command is not None and not context.resilient_parsing:
            run.enter(_name(context, name, command), once=bool(getattr(group, "chain", False)))
            _watch(command)
    except Exception:
        return found
    return found


def _name(context: Any, typed: str | None, command: Any) -> str:
    """The name that a group has for a command: not what was typed, which may be an alias or the beginning of it."""
    group = context.command
    registered = getattr(group, "commands", None) or {}
    own: str | None = command.name
    if own is not None and (registered.get(own) is command or own == typed):
        return own
    for name, one in registered.items():
        if one is command:
            return str(name)
    # Loaded late, under another name than its own.
    if typed is not None and typed in group.list_commands(context):
        return typed
    return own or "?"
