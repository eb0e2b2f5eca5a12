"""The client behind the module's functions: the module itself, seen as a client.

Its settings are the module's attributes, which whoever called last may have set; so each event goes by what they are at
its capture. Nothing is kept here but which clients of overt's were used.
"""

from __future__ import annotations

from overt.posthog._client import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any


class _OfModule:
    """An attribute that is the module's."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, client: ModuleClient, _owner: type | None = None) -> Any:
        return getattr(vars(client)["_face"], self._name)

    def __set__(self, client: ModuleClient, value: object) -> None:
        setattr(vars(client)["_face"], self._name, value)


class ModuleClient(Client):
    """``default_client``, unless a program puts a client of its own there."""

    api_key: Any = _OfModule()
    host: Any = _OfModule()
    debug: Any = _OfModule()
    disabled: Any = _OfModule()
    send: Any = _OfModule()
    sync_mode: Any = _OfModule()
    disable_geoip: Any = _OfModule()
    on_error: Any = _OfModule()
    before_send: Any = _OfModule()
    super_properties: Any = _OfModule()
    enable_exception_autocapture: Any = _OfModule()

    def __init__(self, face: ModuleType) -> None:
        vars(self)["_face"] = face
        self._forget_destinations()

    def _settings(self) -> Mapping[str, Any]:
        return vars(vars(self)["_face"])  # type: ignore[no-any-return]
