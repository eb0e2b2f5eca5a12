"""What posthog does beside events: spans, metrics, connections. The names are there, so that programs run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self


class Span:
    """A span that is not recorded, as posthog gives it while tracing is off."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass

    def set_attribute(self, key: str, value: Any) -> Self:
        return self

    def set_attributes(self, attributes: Any) -> Self:
        return self

    def add_event(self, name: str, attributes: Any = None, timestamp: Any = None) -> Self:
        return self

    def record_exception(self, exception: BaseException) -> Self:
        return self

    def set_status(self, code: str, message: str | None = None) -> Self:
        return self

    def update_name(self, name: str) -> Self:
        return self

    def traceparent(self) -> str | None:
        return None

    def tracestate(self) -> str | None:
        return None

    def end(self, end_time: Any = None) -> None:
        pass


class Metrics:
    """Metrics that go nowhere."""

    def count(self, name: str, value: float = 1, unit: str | None = None, attributes: Any = None) -> None:
        pass

    def gauge(self, name: str, value: float, unit: str | None = None, attributes: Any = None) -> None:
        pass

    def histogram(self, name: str, value: float, unit: str | None = None, attributes: Any = None) -> None:
        pass

    def flush(self) -> None:
        pass

    def reset(self) -> None:
        pass


class ExceptionCapture:
    """Captures no exception by itself: ``sys.excepthook`` belongs to the program."""

    DEFAULT_BUCKET_SIZE = 50
    DEFAULT_REFILL_RATE = 10
    DEFAULT_REFILL_INTERVAL_SECONDS = 10

    def __init__(self, *_args: object, **_named: object) -> None:
        pass

    def close(self) -> None:
        pass


def start_span(name: str, **_named: object) -> Span:
    """A span that is not recorded."""
    return Span()


def get_active_span() -> Span | None:
    """None is recorded, so none is active."""
    return None


def set_socket_options(socket_options: object) -> None:
    """Does nothing, as do the two below: connections are the core's."""


def enable_keep_alive() -> None:
    pass


def disable_connection_reuse() -> None:
    pass
