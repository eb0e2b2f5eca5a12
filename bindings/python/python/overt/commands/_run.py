"""A run of a command, whichever parser runs it: where it stands, how it ends, and what is then recorded.

- A run is recorded once, by the process that began it: not by one that was forked meanwhile.
- The run of this context is kept in a context variable, so that threads and tasks do not mix theirs up.
- What is tracked after a run's end leaves at once, as that run's: a thread that lives on and a hook at the exit are
  part of it.
- Whatever goes wrong in here is swallowed; an exception of the host's is never touched.
"""

from __future__ import annotations

import os
import time
from contextvars import ContextVar

from overt.commands import _outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextvars import Token
    from types import TracebackType
    from typing import Any

    from overt import Client
    from overt.commands._events import Allowlist, Event, EventBuffer

    _ClientSource = Client | Callable[[], Client]


class Shape:
    """What is recorded about a run: the names of the events and their properties. For other ones, override a method."""

    def command(self, run: Run) -> tuple[str, Mapping[str, object]]:
        """The event of the run itself, when it has ended."""
        said = {
            **run.attributes,
            "command": run.command,
            "duration_ms": run.duration_ms,
            "exit_reason": run.exit_reason,
            "exit_code": run.exit_code,
            "session_id": run.session_id,
        }
        return "command_run", {**said, "events_dropped": run.dropped} if run.dropped else said

    def events(self, run: Run, events: list[Event]) -> tuple[str, Mapping[str, object]]:
        """The event that carries up to 50 tracked ones."""
        return "command_events", {"command": run.command, "session_id": run.session_id, "events": events}


class Settings:
    """What holds for all runs of a command. TypeError: a client that is not made yet needs the name of the program."""

    def __init__(
        self,
        client: _ClientSource,
        *,
        program: str | None = None,
        attributes: Mapping[str, object] | Callable[[Run], Mapping[str, object]] | None = None,
        exit_code: Callable[[BaseException | None], int] | None = None,
        allowlist: Allowlist | Mapping[str, Iterable[str]] | None = None,
        shape: Shape | None = None,
    ) -> None:
        if allowlist is not None:
            from overt.commands._events import Allowlist

            allowlist = allowlist if isinstance(allowlist, Allowlist) else Allowlist(allowlist)
        self.source = client
        self._made: dict[str, Client] = {}
        given: Any = client
        if hasattr(given, "capture_event"):
            self._made["client"] = given
            program = given.app if program is None else program
        elif program is None:
            raise TypeError("program: needed where the client is made only when it is needed")
        self.program = program
        self.attributes = attributes
        self.exit_code = exit_code
        self.allowlist = allowlist
        self.shape = Shape() if shape is None else shape

    @property
    def client(self) -> Client:
        """Made now, if it is not made yet. One that cannot be made does nothing."""
        # Without a lock, which a fork could leave locked. Two threads may make one each; both get that of the first.
        return self._made.get("client") or self._made.setdefault("client", self._make())

    def _make(self) -> Client:
        assert callable(self.source)
        try:
            return self.source()
        except Exception:
            return _nothing(self.program)

    def open(self) -> None:
        """Makes the client: a command is about to run."""
        try:
            self.client  # noqa: B018
        except Exception:
            return


class Run:
    """One run of a command."""

    def __init__(self, settings: Settings, now: Callable[[], int] = time.perf_counter_ns) -> None:
        self.settings = settings
        self.session_id = _uuid4()
        """A random UUID."""
        self.path: tuple[str, ...] = (settings.program,)
        """The program and the commands below it, under the names that the parser has for them."""
        self.attributes: dict[str, object] = {}
        """What `add` added; at the end also what the options give."""
        self.exit_code: int | None = None
        """None until the end. A tool that ends by `sys.exit(code)` after the run can set it."""
        self.exit_reason = _outcome.SUCCESS
        self.duration_ms = 0
        self.is_over = False
        self.recordable = True  # below: for the parsers' integrations
        self.cause: BaseException | None = None
        self.answer: BaseException | None = None
        self.parser: object = None
        self._now = now
        self._began = now()
        self._process = os.getpid()
        self._buffers: dict[str, EventBuffer] = {}
        self._leaves = False  # whether its event is recorded, or about to be

    @property
    def _buffer(self) -> EventBuffer | None:
        return self._buffers.get("events")

    @property
    def command(self) -> str:
        """Such as `sam local start-api`."""
        return " ".join(self.path)

    @property
    def dropped(self) -> int:
        """Tracked events that were dropped: not declared, or not recorded."""
        return 0 if self._buffer is None else self._buffer.dropped

    def add(self, attributes: Mapping[str, object] | None = None, /, **more: object) -> None:
        """Adds properties to the run's event. Its own, such as `exit_code`, win."""
        try:
            self.attributes.update(attributes or {}, **more)
        except Exception:
            return

    def track_event(self, name: str, value: str, *, exception: BaseException | None = None) -> None:
        """Tracks an event that the allowlist has; of the exception, the name of its class. From any thread. After the
        end it leaves at once, alone; a run that was not recorded has no events."""
        try:
            was_left_out = self.is_over and not self._leaves
            if self._is_ours() and not was_left_out and self.settings.client.enabled:
                self._events().add(name, value, exception)
        except Exception:
            return

    def track_long_event(self, start_name: str, start_value: str, end_name: str, end_value: str) -> LongEvent:
        """Tracks two events around a `with` block; the second one also names the class of what the block raises."""
        return LongEvent(self, (start_name, start_value), (end_name, end_value))

    def enter(self, word: str, *, once: bool = False) -> None:
        """The parser goes down to a command. Once: not if it was there."""
        if not (once and word in self.path[1:]):
            self.path = (*self.path, word)

    def end(self, error: BaseException | None) -> None:
        """Ends the run with what leaves it, and records it."""
        try:
            cause, self.cause = self.cause if self.cause is not None else error, None
            answered, self.answer = self.answer is not None and self.answer is cause, None
            if answered or not self.recordable or not self._is_ours() or not self.settings.client.enabled:
                return
            self.duration_ms = (self._now() - self._began) // 1_000_000
            self.exit_code = self._exit_code(error, cause)
            self.exit_reason = _outcome.exit_reason(cause)
            if self.exit_code and cause is None:
                self.exit_reason = SystemExit.__name__  # what the tool raises next
            self._take_attributes()
            self._leaves = True
            if self._buffer is not None:
                self._buffer.flush()
            _last[:] = [self]
            self._send(self.settings.shape.command(self))
        except Exception:
            return

    def _exit_code(self, error: BaseException | None, cause: BaseException | None) -> int:
        if cause is None and self.exit_code is not None:
            return self.exit_code
        real = _outcome.process_exit_code(cause if error is None else error)
        try:
            return real if self.settings.exit_code is None else self.settings.exit_code(cause)
        except Exception:
            return real

    def _take_attributes(self) -> None:
        given = self.settings.attributes
        try:
            more = given(self) if callable(given) else given
            self.attributes = {**(more or {}), **self.attributes}
        except Exception:
            return

    def _events(self) -> EventBuffer:
        from overt.commands._events import EventBuffer

        # Of two threads, both get that of the first: setdefault is one step.
        return self._buffer or self._buffers.setdefault(
            "events", EventBuffer(self.settings.allowlist, self._send_events, lambda: self._leaves)
        )

    def _send_events(self, events: list[Event]) -> bool:
        return self._send(self.settings.shape.events(self, events))

    def _send(self, event: tuple[str, Mapping[str, object]]) -> bool:
        return self.settings.client.capture_event(*event) is not None

    def _is_ours(self) -> bool:
        return self._process == os.getpid()


class LongEvent:
    """An event with a start and an end, as a `with` block."""

    def __init__(self, run: Run | None, start: tuple[str, str], end: tuple[str, str]) -> None:
        self._run, self._start, self._end = run, start, end

    def __enter__(self) -> None:
        if self._run is not None:
            self._run.track_event(*self._start)

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        if self._run is not None:
            self._run.track_event(*self._end, exception=error)


class Span:
    """A run from begin to end, as a `with` block. Within a run for the same client it is part of that one."""

    def __init__(self, settings: Settings, prepare: Callable[[Run], None] | None = None) -> None:
        self._settings = settings
        self._prepare = prepare
        self._token: Token[Place | None] | None = None

    def __enter__(self) -> Run:
        outer = place = _here()
        while place is not None and place.run.settings.source != self._settings.source:
            place = place.outer
        if place is not None:
            self._run, self._is_part = place.run, True
        else:
            self._run, self._is_part = Run(self._settings), False
            _under_way[id(self._run)] = self._run
            if self._prepare is not None:
                try:
                    self._prepare(self._run)
                except Exception:
                    self._prepare = None
        self._token = _current.set(Place(self._run, outer, self._is_part))
        return self._run

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        try:
            if self._token is not None:
                _current.reset(self._token)
        except ValueError:
            pass  # a coroutine that is closed somewhere else
        if not self._is_part:
            _under_way.pop(id(self._run), None)
            self._run.end(error)
            self._run.is_over = True


class Place:
    """Where a context stands: in a run, which stands in others of other clients."""

    __slots__ = ("is_part", "outer", "run")

    def __init__(self, run: Run, outer: Place | None, is_part: bool) -> None:
        self.run, self.outer, self.is_part = run, outer, is_part


_current: ContextVar[Place | None] = ContextVar("overt.commands", default=None)
_under_way: dict[int, Run] = {}
# The run that was recorded last.
_last: list[Run] = []


def current_run() -> Run | None:
    """The run of this context; where there is none, as in a thread that a command started, the only one under way in
    this process. None: there is none, or there are several."""
    place = _here()
    if place is not None:
        return place.run
    runs = list(_under_way.values())
    return runs[0] if len(runs) == 1 else None


def run_of_events() -> Run | None:
    """The run to which an event of this context belongs: the current one; after the end of all, the last one."""
    run = current_run()
    return _last[0] if run is None and _last and not _under_way else run


def parsing_run() -> Run | None:
    """The run of this context, if it is its own command line that is being parsed and not that of a command inside."""
    place = _here()
    return None if place is None or place.is_part else place.run


def _here() -> Place | None:
    """Where this context stands, without runs that ended in another: a coroutine may be closed by anybody."""
    place = _current.get()
    while place is not None and place.run.is_over:
        place = place.outer
    return place


def _nothing(app: str) -> Client:
    from overt._noop import Client

    return Client(app=app)  # type: ignore[return-value]


def _uuid4() -> str:
    # The standard library's module takes longer to import than this takes.
    value = (int.from_bytes(os.urandom(16), "big") & ~(0xF000 << 64) | 0x4000 << 64) & ~(0xC000 << 48) | 0x8000 << 48
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
