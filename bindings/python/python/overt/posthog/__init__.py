"""The posthog package's interface, on overt: the same calls, and the same events at PostHog.

    import overt.posthog as posthog          # or, for libraries that import it themselves:
    sys.modules["posthog"] = overt.posthog   # before they do

    posthog.project_api_key, posthog.host = "phc_...", "https://eu.i.posthog.com"
    posthog.capture("job done", distinct_id="somebody", properties={"inputs": 12})

Every call style of posthog 1 to 7 works. Attributes are read at each capture, and each event goes to the key and host
that they name then; ``Posthog(key, host)`` makes a client with settings of its own. An event is safe on disk when the
call returns, and goes by overt's rules of consent: who has switched telemetry off sends nothing. Nothing raises,
nothing is printed but by ``debug``, and nothing waits but ``flush``, ``shutdown``, ``join`` and ``sync_mode``, for
seconds. Feature flags are unknown, without a request. docs/posthog.md lists what is different.
"""

from __future__ import annotations

import sys
from types import ModuleType

from overt.posthog import _module
from overt.posthog._client import Client, Posthog
from overt.posthog._contexts import (
    clear_tags,
    get_tags,
    identify_context,
    new_context,
    scoped,
    set_capture_exception_code_variables_context,
    set_code_variables_detect_secrets_context,
    set_code_variables_ignore_patterns_context,
    set_code_variables_mask_patterns_context,
    set_code_variables_mask_url_credentials_context,
    set_context_device_id,
    set_context_session,
    tag,
)
from overt.posthog._flags import (
    FeatureFlagEvaluations,
    evaluate_flags,
    feature_enabled,
    feature_flag_definitions,
    get_all_flags,
    get_all_flags_and_payloads,
    get_feature_flag,
    get_feature_flag_evaluation_runtime,
    get_feature_flag_keys_by_evaluation_runtime,
    get_feature_flag_payload,
    get_feature_flag_result,
    get_remote_config_payload,
    load_feature_flags,
)
from overt.posthog._inert import (
    ExceptionCapture,
    Span,
    disable_connection_reuse,
    enable_keep_alive,
    get_active_span,
    set_socket_options,
    start_span,
)
from overt.posthog.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, overload

    from overt.posthog._aliases import OldAnswer, OnError, Review
    from overt.posthog._async import AsyncClient, AsyncPosthog
    from overt.posthog.types import (
        ID_TYPES,
        BeforeSendCallback,
        CaptureCompression,
        CaptureMode,
        ExceptionArg,
        FeatureFlag,
        FeatureFlagEvaluationRuntime,
        FeatureFlagResult,
        FlagDefinitionCacheData,
        FlagDefinitionCacheProvider,
        FlagsAndPayloads,
        FlagValue,
        InconclusiveMatchError,
        Integrations,
        OptionalCaptureArgs,
        OptionalSetArgs,
        RequiresServerEvaluation,
        SocketOptions,
        UnresolvedFlagReason,
    )

__all__ = [
    "ID_TYPES",
    "VERSION",
    "AsyncClient",
    "AsyncPosthog",
    "BeforeSendCallback",
    "CaptureCompression",
    "CaptureMode",
    "Client",
    "ExceptionArg",
    "ExceptionCapture",
    "FeatureFlag",
    "FeatureFlagEvaluationRuntime",
    "FeatureFlagEvaluations",
    "FeatureFlagResult",
    "FlagDefinitionCacheData",
    "FlagDefinitionCacheProvider",
    "FlagValue",
    "FlagsAndPayloads",
    "InconclusiveMatchError",
    "Integrations",
    "OptionalCaptureArgs",
    "OptionalSetArgs",
    "Posthog",
    "RequiresServerEvaluation",
    "SocketOptions",
    "Span",
    "UnresolvedFlagReason",
    "alias",
    "capture",
    "capture_ai",
    "capture_exception",
    "clear_tags",
    "disable_connection_reuse",
    "enable_keep_alive",
    "evaluate_flags",
    "feature_enabled",
    "feature_flag_definitions",
    "flush",
    "get_active_span",
    "get_all_flags",
    "get_all_flags_and_payloads",
    "get_feature_flag",
    "get_feature_flag_evaluation_runtime",
    "get_feature_flag_keys_by_evaluation_runtime",
    "get_feature_flag_payload",
    "get_feature_flag_result",
    "get_remote_config_payload",
    "get_tags",
    "group_identify",
    "identify",
    "identify_context",
    "join",
    "load_feature_flags",
    "new_context",
    "page",
    "scoped",
    "screen",
    "set",
    "set_capture_exception_code_variables_context",
    "set_code_variables_detect_secrets_context",
    "set_code_variables_ignore_patterns_context",
    "set_code_variables_mask_patterns_context",
    "set_code_variables_mask_url_credentials_context",
    "set_context_device_id",
    "set_context_session",
    "set_once",
    "set_socket_options",
    "setup",
    "shutdown",
    "start_span",
    "tag",
]

_ASYNC = ("AsyncClient", "AsyncPosthog")
# Names for annotations and of what is never there; nobody pays for them who does not ask.
_TYPES = (
    "BeforeSendCallback",
    "CaptureCompression",
    "CaptureMode",
    "ExceptionArg",
    "FeatureFlag",
    "FeatureFlagEvaluationRuntime",
    "FeatureFlagResult",
    "FlagDefinitionCacheData",
    "FlagDefinitionCacheProvider",
    "FlagValue",
    "FlagsAndPayloads",
    "ID_TYPES",
    "InconclusiveMatchError",
    "Integrations",
    "OptionalCaptureArgs",
    "OptionalSetArgs",
    "RequiresServerEvaluation",
    "SocketOptions",
    "UnresolvedFlagReason",
)

__version__ = VERSION

# The settings, read at each capture. overt's own options are attributes, too, by the names that `overt.Client` has.
project_api_key: str | None = None
if TYPE_CHECKING:
    api_key: str | None = None  # the same, by its older name
host: str | None = None
debug: bool = False
disabled: bool = False
send: bool = True
sync_mode: bool = False
disable_geoip: bool = True
on_error: OnError | None = None
before_send: Review | None = None
super_properties: Mapping[str, Any] | None = None
enable_exception_autocapture: bool = False  # for contexts; no hook is ever installed
default_client: Client | None = None

# What posthog has and nothing here reads.
personal_api_key = secret_key = None
poll_interval = 30
is_server = True
feature_flags_request_timeout_seconds = 3
feature_flags_request_max_retries = 1
metrics = traces = project_root = capture_mode = in_app_modules = flag_definition_cache_provider = None
log_captured_exceptions = privacy_mode = enable_full_ai_capture = capture_trace_context = False
enable_local_evaluation = True
capture_exception_code_variables = enable_exception_autocapture_rate_limiting = False
code_variables_mask_patterns: list[str] = []
code_variables_ignore_patterns: list[str] = []
code_variables_mask_url_credentials = code_variables_detect_secrets = True
exception_autocapture_integrations: list[object] = []
exception_autocapture_bucket_size = ExceptionCapture.DEFAULT_BUCKET_SIZE
exception_autocapture_refill_rate = ExceptionCapture.DEFAULT_REFILL_RATE
exception_autocapture_refill_interval_seconds = ExceptionCapture.DEFAULT_REFILL_INTERVAL_SECONDS


class _Face(ModuleType):
    """`api_key` and `project_api_key` are one setting: of two libraries that each name theirs before a capture, each is
    heard, whichever name it has for it. Were they two, the one would get the other's events."""

    @property
    def api_key(self) -> Any:
        return vars(self)["project_api_key"]

    @api_key.setter
    def api_key(self, value: object) -> None:
        self.__dict__["project_api_key"] = value

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        _own_client._forget_destinations()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        _own_client._forget_destinations()


_face = sys.modules[__name__]
_face.__class__ = _Face
_own_client = _module.ModuleClient(_face)


def setup() -> Client:
    """The client behind this module's functions: `default_client` if a program put one there, or else the module."""
    global default_client
    if default_client is None:
        default_client = _own_client
    # Switched off here is switched off, whoever's the client is.
    return _own_client if disabled else default_client


if TYPE_CHECKING:

    @overload
    def capture(distinct_id: Any, event: str, *args: Any, **named: Any) -> OldAnswer: ...
    @overload
    def capture(event: str, **named: Any) -> str | None: ...
    @overload
    def capture(**named: Any) -> str | None: ...


def capture(*args: Any, **named: Any) -> Any:
    """Records an event. `capture(event, distinct_id=, properties=, ...)` gives its UUID, or None if nothing was
    recorded; `capture(distinct_id, event, properties, ...)` gives `(whether, message)`, as posthog before 6."""
    return setup().capture(*args, **named)


def capture_ai(event: str, **named: Any) -> str | None:
    """As `capture`."""
    return setup().capture_ai(event, **named)


def capture_exception(*args: Any, **named: Any) -> Any:
    """Records what kind of exception it was and where, never its message."""
    return setup().capture_exception(*args, **named)


def identify(*args: Any, **named: Any) -> OldAnswer:
    """`identify(distinct_id, properties)`, until posthog 5."""
    return setup().identify(*args, **named)


def set(*args: Any, **named: Any) -> Any:  # noqa: A001
    """`set(distinct_id=, properties=)`: properties of a person."""
    return setup().set(*args, **named)


def set_once(*args: Any, **named: Any) -> Any:
    """As `set`, for properties that the person does not have yet."""
    return setup().set_once(*args, **named)


def alias(*args: Any, **named: Any) -> Any:
    """`alias(previous_id, distinct_id)`: two IDs of one person."""
    return setup().alias(*args, **named)


def group_identify(*args: Any, **named: Any) -> Any:
    """`group_identify(group_type, group_key, properties)`: properties of a group."""
    return setup().group_identify(*args, **named)


def page(*args: Any, **named: Any) -> None:
    """`page(distinct_id, url, properties)`, until posthog 5. Unlike a client's, it answers nothing."""
    setup().page(*args, **named)


def screen(*_args: Any, **_named: Any) -> None:
    """Does nothing. posthog has the name, and never had what is behind it."""


def flush(timeout_seconds: float | None = None) -> None:
    """Waits until what these functions recorded is delivered: 5 seconds at the most, or as many as are given."""
    setup().flush(timeout_seconds)


def join() -> None:
    """As `shutdown`."""
    setup().join()


def shutdown() -> None:
    """Waits 2 seconds at the most. These functions can still be used: another library may."""
    setup().shutdown()


if not TYPE_CHECKING:  # a type checker would take any name for one of posthog's

    def __getattr__(name):
        if name in _ASYNC:
            from overt.posthog import _async

            return getattr(_async, name)
        if name in _TYPES:
            from overt.posthog import types

            return getattr(types, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
