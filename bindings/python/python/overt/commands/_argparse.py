"""argparse: which commands a parser goes down to, whether it refuses the line or answers a question.

Of the parsers on the way, `parse_known_args` and `error` are overridden, on these objects alone and the moment before
they are used. They behave as before, and are silent outside a run. Names only: nothing is looked at that was typed.
"""

from __future__ import annotations

from overt.commands import _outcome
from overt.commands._around import override
from overt.commands._run import parsing_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overt.commands._around import _Call
    from overt.commands._run import Run

_SEEN = "_overt_seen"


def watch(root: Any) -> None:
    """Tells the run of this context what the parser does."""
    _watch(root, root, None)


def enter_parsed(run: Run, parser: Any, args: Any) -> None:
    """Goes the way that a parsed line went, as far as the parser keeps it (`add_subparsers(dest=…)`)."""
    for action in _subparsers(parser):
        below = action.choices.get(getattr(args, action.dest, None))
        if below is not None:
            run.enter(_name(action, below))
            enter_parsed(run, below, args)


def _watch(parser: Any, root: Any, word: str | None) -> None:
    if _SEEN in vars(parser):
        return
    setattr(parser, _SEEN, True)

    def run_of_root() -> Run | None:
        run = parsing_run()
        return run if run is not None and run.parser is root else None

    def parse(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        run = run_of_root()
        if run is None:
            return method(*args, **kwargs)
        try:
            if word is None:
                run.path = run.path[:1]
            else:
                run.enter(word)
            for action in _subparsers(parser):
                for below in action.choices.values():
                    _watch(below, root, _name(action, below))
        except Exception:
            run.parser = None
        try:
            return method(*args, **kwargs)
        except SystemExit as error:
            if _outcome.is_answer(error):
                run.answer = error
            raise

    def refuse(method: _Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            return method(*args, **kwargs)
        except SystemExit:
            run = run_of_root()
            if run is not None:
                run.cause = _refused()
            raise

    override(parser, "parse_known_args", parse)
    override(parser, "error", refuse)


def _refused() -> BaseException:
    """What argparse means when it exits: it has no exception for each way in which it refuses a line."""
    from argparse import ArgumentError

    return ArgumentError(None, "")


def _subparsers(parser: Any) -> Iterator[Any]:
    for action in parser._actions:
        choices = action.choices
        if hasattr(choices, "values") and all(hasattr(one, "parse_known_args") for one in choices.values()):
            yield action


def _name(action: Any, parser: Any) -> str:
    """The first name of a parser: its aliases come later."""
    return next(str(name) for name, one in action.choices.items() if one is parser)
