"""`track_command`: a run around a function or a `with` block."""

from __future__ import annotations

from overt.commands._around import around, around_async, is_async
from overt.commands._run import Settings, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, TypeVar

    from typing_extensions import Unpack

    from overt.commands._options import RunOptions
    from overt.commands._run import Run, _ClientSource

    _F = TypeVar("_F", bound=Callable[..., Any])


class Tracked:
    """What `track_command` gives: a decorator, and a context manager."""

    def __init__(self, settings: Settings, parser: Any, args: Any, name: str | None) -> None:
        self._settings = settings
        self._parser, self._args = parser, args
        self._words = None if name is None else name.split()
        self._spans: list[Span] = []

    def __call__(self, function: _F, /) -> _F:
        from functools import wraps

        def span() -> Span:
            return Span(self._settings, lambda run: self._prepare(run, function))

        if is_async(function):

            @wraps(function)
            async def command(*args: Any, **kwargs: Any) -> Any:
                return await around_async(span(), function, args, kwargs)

        else:

            @wraps(function)
            def command(*args: Any, **kwargs: Any) -> Any:
                return around(span(), function, args, kwargs)

        return command  # type: ignore[return-value]

    def __enter__(self) -> Run:
        self._spans.append(Span(self._settings, self._prepare))
        return self._spans[-1].__enter__()

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        self._spans.pop().__exit__(kind, error, trace)

    def _prepare(self, run: Run, function: Callable[..., Any] | None = None) -> None:
        if self._words is not None:
            run.path = (*run.path, *self._words)
        elif self._parser is not None:
            from overt.commands import _argparse

            if self._args is None:
                run.parser = self._parser
                _argparse.watch(self._parser)
            else:
                _argparse.enter_parsed(run, self._parser, self._args)
        elif function is not None:
            from overt.commands import _click

            run.path = _click.path_of_context(run.path[0]) or (*run.path, function.__name__.replace("_", "-"))


def track_command(
    client: _ClientSource,
    parser: Any = None,
    args: Any = None,
    *,
    name: str | None = None,
    **options: Unpack[RunOptions],
) -> Tracked:
    """Records a run: of a function, as its decorator, or of a `with` block.

    Below `@click.command()` or `@app.command()` it knows its command; what the parser refuses never comes to the
    function, so for a whole program `instrument` is better. With an `argparse.ArgumentParser`, parse inside:

        with track_command(client, parser) as run:
            args = parser.parse_args()
            args.function(args)

    `args`: what the parser gave, if it has parsed already. `name`: the command's words, where no parser knows them.
    `client`: a client, or what makes it, called once, at the first event or at the end; it needs `program`.
    """
    return Tracked(Settings(client, **options), parser, args, name)
