"""Feature flags: every read answers at once what posthog's answers when flags cannot be had, and nothing is asked.

So a program takes the branch that it has for a day on which the server is away. No ``$feature_flag_called`` is
captured, since no value is known.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from typing_extensions import Self


class FeatureFlagEvaluations:
    """The snapshot that ``evaluate_flags`` gives: of no flag. ``capture(flags=...)`` takes it and adds nothing."""

    def __init__(self, *_args: object, **_named: object) -> None:
        pass

    @property
    def keys(self) -> list[str]:
        return []

    @property
    def unresolved_flags(self) -> Mapping[str, Any]:
        return {}

    def is_enabled(self, key: str, default_value: bool = False, **_named: object) -> bool:
        return default_value

    def get_flag(self, key: str, **_named: object) -> bool | str | None:
        return None

    def get_flag_payload(self, key: str) -> Any:
        return None

    def only(self, keys: Iterable[str]) -> Self:
        return self

    def only_accessed(self) -> Self:
        return self


class Reads:
    """The reads, as a client has them."""

    @staticmethod
    def feature_enabled(*_args: object, **_named: object) -> bool | None:
        """Unknown: None."""
        return None

    @staticmethod
    def get_feature_flag(*_args: object, **_named: object) -> bool | str | None:
        """Unknown: None."""
        return None

    @staticmethod
    def get_feature_flag_payload(*_args: object, **_named: object) -> Any:
        """Unknown: None."""
        return None

    @staticmethod
    def get_feature_flag_result(*_args: object, **_named: object) -> Any:
        """Unknown: None."""
        return None

    @staticmethod
    def get_remote_config_payload(*_args: object, **_named: object) -> Any:
        """Unknown: None."""
        return None

    @staticmethod
    def get_feature_flag_evaluation_runtime(*_args: object, **_named: object) -> Any:
        """Unknown: None."""
        return None

    @staticmethod
    def get_feature_flag_keys_by_evaluation_runtime(*_args: object, **_named: object) -> list[str]:
        """None is known."""
        return []

    @staticmethod
    def get_all_flags(*_args: object, **_named: object) -> dict[str, bool | str] | None:
        """None is known: an empty dict."""
        return {}

    @staticmethod
    def get_all_flags_and_payloads(*_args: object, **_named: object) -> dict[str, Any]:
        """None is known: both dicts are empty."""
        return {"featureFlags": {}, "featureFlagPayloads": {}}

    @staticmethod
    def get_flags_decision(*_args: object, **_named: object) -> dict[str, Any]:
        """None is known."""
        return {"requestId": None, "flags": {}}

    @staticmethod
    def evaluate_flags(*_args: object, **_named: object) -> FeatureFlagEvaluations:
        """A snapshot of no flag."""
        return FeatureFlagEvaluations()

    @staticmethod
    def feature_flag_definitions() -> list[Any]:
        """None is known."""
        return []

    @staticmethod
    def load_feature_flags() -> None:
        """Loads nothing."""

    @staticmethod
    def get_feature_flags_and_payloads(*_args: object, **_named: object) -> dict[str, Any]:
        """None is known: both dicts are empty."""
        return {"featureFlags": {}, "featureFlagPayloads": {}}

    @staticmethod
    def get_decide(*_args: object, **_named: object) -> dict[str, Any]:
        """As ``get_feature_flags_and_payloads``, until posthog 3."""
        return {"featureFlags": {}, "featureFlagPayloads": {}}

    @staticmethod
    def get_feature_variants(*_args: object, **_named: object) -> dict[str, bool | str]:
        """None is known: an empty dict."""
        return {}

    @staticmethod
    def get_feature_payloads(*_args: object, **_named: object) -> dict[str, Any]:
        """None is known: an empty dict."""
        return {}

    @property
    def feature_flags(self) -> list[Any]:
        """None is known. What is assigned is ignored."""
        return []

    @feature_flags.setter
    def feature_flags(self, _flags: object) -> None:
        pass


# The same as functions of the module.
feature_enabled = Reads.feature_enabled
get_feature_flag = Reads.get_feature_flag
get_feature_flag_payload = Reads.get_feature_flag_payload
get_feature_flag_result = Reads.get_feature_flag_result
get_remote_config_payload = Reads.get_remote_config_payload
get_feature_flag_evaluation_runtime = Reads.get_feature_flag_evaluation_runtime
get_feature_flag_keys_by_evaluation_runtime = Reads.get_feature_flag_keys_by_evaluation_runtime
get_all_flags = Reads.get_all_flags
get_all_flags_and_payloads = Reads.get_all_flags_and_payloads
evaluate_flags = Reads.evaluate_flags
feature_flag_definitions = Reads.feature_flag_definitions
load_feature_flags = Reads.load_feature_flags
