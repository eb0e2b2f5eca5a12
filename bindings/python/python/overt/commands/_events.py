"""Events within a run: only what a tool has declared, name and value, ever gets out.

- Buffered, so that a run with many events makes few lines; at most `MAX_BUFFERED` wait.
- May be tracked from any thread. One that is refused is counted and never an exception.
"""

from __future__ import annotations

import os
import threading
import time

from overt.commands._outcome import class_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Event = dict[str, "str | None"]

# What AWS SAM CLI found to be enough. Some 10 KiB, a third of what one event of ours may have.
MAX_BUFFERED = 50

_thread = threading.local()


class Allowlist:
    """The events that a tool may track: the names, and the values of each.

        Allowlist({"UsedFeature": {"Accelerate", "CDK"}, "BuildFunctionRuntime": {"python3.12", "nodejs20.x"}})

    TypeError: this is no mapping of names to several values.
    """

    def __init__(self, events: Mapping[str, Iterable[str]]) -> None:
        self._values: dict[str, frozenset[str]] = {}
        for name, values in events.items():
            if isinstance(values, str):
                raise TypeError(f"allowlist: the values of {name!r} are one str; a set was meant")
            self._values[name] = frozenset(values)

    def allows(self, name: object, value: object) -> bool:
        """Whether both are declared."""
        return isinstance(name, str) and isinstance(value, str) and value in self._values.get(name, ())


class EventBuffer:
    """The events of one run. `send` gets what leaves, in the thread that tracked the last one. Once `is_over` says so,
    which it does before the last `flush`, nothing waits any more."""

    def __init__(
        self,
        allowlist: Allowlist | None,
        send: Callable[[list[Event]], bool],
        is_over: Callable[[], bool],
    ) -> None:
        self._allowlist = allowlist
        self._send = send
        self._is_over = is_over
        # One that a signal handler may take while its own thread holds it.
        self._lock = threading.RLock()
        self._waiting: list[Event] = []
        self.dropped = 0

    def add(self, name: object, value: object, exception: BaseException | None) -> None:
        if self._allowlist is None or not self._allowlist.allows(name, value):
            return self.drop(1)
        event: Event = {
            "event_name": str(name),
            "event_value": str(value),
            "thread_id": thread_id(),
            "time_stamp": time_stamp(time.time_ns()),
            "exception_name": None if exception is None else class_name(exception),
        }
        with self._lock:
            self._waiting.append(event)
            leaves = len(self._waiting) >= MAX_BUFFERED or self._is_over()
        return self.flush() if leaves else None

    def flush(self) -> None:
        """Sends what waits."""
        with self._lock:
            events, self._waiting = self._waiting, []
        if events and not self._send(events):
            self.drop(len(events))

    def drop(self, events: int) -> None:
        with self._lock:
            self.dropped += events


def thread_id() -> str:
    """32 hex digits that tell this thread from others, and say nothing else about it."""
    found: str | None = getattr(_thread, "id", None)
    if found is None:
        found = _thread.id = os.urandom(16).hex()
    return found


def time_stamp(unix_ns: int) -> str:
    """Such as `2026-11-20 18:10:36.493318+00`."""
    seconds, rest = divmod(unix_ns, 1_000_000_000)
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{rest // 1000:06d}+00"
