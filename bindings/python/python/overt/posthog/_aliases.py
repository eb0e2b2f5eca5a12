"""Names for annotations; imported by type checkers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import overt

Event = dict[str, Any]
Review = Callable[[Event], Mapping[str, object] | None]
OnError = Callable[[Exception, list[Event]], object]
Destination = overt.Client | Exception
OldAnswer = tuple[bool, Any]
Function = TypeVar("Function", bound=Callable[..., Any])


class Captures(Protocol):
    """What a context needs of a client."""

    enable_exception_autocapture: Any

    def capture_exception(self, exception: BaseException, /) -> object: ...
