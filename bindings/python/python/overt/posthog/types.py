"""posthog's types: for annotations, for constructor options that are ignored, and of flags that are never there."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from enum import Enum
from types import TracebackType
from typing import Any, NamedTuple, Optional, Protocol, TypedDict, Union
from uuid import UUID

ID_TYPES = Union[numbers.Number, str, UUID, int]  # noqa: UP007 - programs may look into it
FlagValue = Union[bool, str]  # noqa: UP007
BeforeSendCallback = Callable[[dict[str, Any]], Optional[dict[str, Any]]]  # noqa: UP045
ExcInfo = Union[  # noqa: UP007
    tuple[type[BaseException], BaseException, Optional[TracebackType]],  # noqa: UP045
    tuple[None, None, None],
]
ExceptionArg = Union[BaseException, ExcInfo]  # noqa: UP007
SocketOptions = Sequence[tuple[int, int, Union[int, bytes]]]  # noqa: UP007


class OptionalCaptureArgs(TypedDict, total=False):
    """The keywords of ``capture``."""

    distinct_id: Any
    properties: dict[str, Any] | None
    timestamp: Any
    uuid: Any
    groups: dict[str, str] | None
    flags: Any
    send_feature_flags: Any
    disable_geoip: bool | None


class OptionalSetArgs(TypedDict, total=False):
    """The keywords of ``set`` and ``set_once``."""

    distinct_id: Any
    properties: dict[str, Any] | None
    timestamp: Any
    uuid: Any
    disable_geoip: bool | None


class FlagsAndPayloads(TypedDict, total=True):
    """What ``get_all_flags_and_payloads`` gives."""

    featureFlags: dict[str, FlagValue] | None
    featureFlagPayloads: dict[str, Any] | None


class FlagDefinitionCacheData(TypedDict):
    """What a cache of definitions would hold."""

    flags: list[dict[str, Any]]
    group_type_mapping: dict[str, str]
    cohorts: dict[str, Any]


class FlagDefinitionCacheProvider(Protocol):
    """A cache of definitions; none is ever asked."""

    def get_flag_definitions(self) -> FlagDefinitionCacheData | None: ...
    def should_fetch_flag_definitions(self) -> bool: ...
    def on_flag_definitions_received(self, data: FlagDefinitionCacheData) -> None: ...
    def shutdown(self) -> None: ...


class FeatureFlag(NamedTuple):
    """A flag. Nothing here makes one."""

    key: str
    enabled: bool
    variant: str | None
    reason: Any
    metadata: Any

    def get_value(self) -> FlagValue:
        return self.variant or self.enabled


class FeatureFlagResult(NamedTuple):
    """What a flag is for somebody. Nothing here makes one."""

    key: str
    enabled: bool
    variant: str | None
    payload: Any
    reason: str | None

    def get_value(self) -> FlagValue:
        return self.variant or self.enabled


class FeatureFlagEvaluationRuntime(str, Enum):
    """Where a flag is meant to be read."""

    ALL = "all"
    CLIENT = "client"
    SERVER = "server"


class UnresolvedFlagReason(str, Enum):
    """Why a flag has no value."""

    EXPERIENCE_CONTINUITY = "experience_continuity"
    UNSUPPORTED_DEFINITION = "unsupported_definition"
    UNRESOLVED_DEPENDENCY = "unresolved_dependency"
    MISSING_CONTEXT = "missing_context"


class CaptureMode(str, Enum):
    """posthog's protocol; ignored. overt's option is ``wire``."""

    V0 = "v0"
    V1 = "v1"


class CaptureCompression(str, Enum):
    """How posthog packs requests; ignored. overt's option is ``compression``."""

    NONE = "none"
    GZIP = "gzip"
    DEFLATE = "deflate"
    ZSTD = "zstd"


class Integrations(str, Enum):
    """Frameworks whose exceptions posthog 3 captured by itself; ignored."""

    Django = "django"


class InconclusiveMatchError(Exception):
    """Never raised here."""

    def __init__(self, *args: object, reason: UnresolvedFlagReason | None = None) -> None:
        super().__init__(*args)
        self.reason = reason


class RequiresServerEvaluation(InconclusiveMatchError):  # noqa: N818 - its name
    """Never raised here."""
