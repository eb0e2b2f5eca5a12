"""posthog's clients: their settings, and the calls that record events.

Settings are attributes, and are read at each call. Nothing here raises but what is no ``Exception``, and nothing prints
but ``debug``. What is recorded is on disk when the call returns; only ``flush``, ``join``, ``shutdown`` and
``sync_mode`` wait, for a time that is bounded whatever the network does. Any thread may call anything.
"""

from __future__ import annotations

import sys

import overt
from overt.posthog import _calls, _contexts, _destinations, _exceptions, _flags, _inert, _messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from logging import Logger
    from typing import Any, overload

    from overt.posthog._aliases import Destination, Event, OldAnswer, OnError, Review
    from overt.posthog._calls import Call
    from overt.posthog._messages import Message

FLUSH_SECONDS = 5.0
"""For ``flush`` and ``sync_mode``: the time that ``overt.Client.flush`` takes by itself."""
SHUTDOWN_SECONDS = 2.0
"""For ``shutdown`` and ``join``, which stand at the end of programs: time for a request over a slow line. What is not
delivered by then is not lost but waits for the next run."""


class Recorder:
    """What all of posthog's clients share.

    ``api_key``, ``host``, ``disabled``, ``send``, ``sync_mode``, ``debug``, ``disable_geoip``, ``super_properties``,
    ``before_send``, ``on_error``, and overt's own options, by the names that ``overt.Client`` has for them: attributes,
    read at each call. Any other may be set and is ignored.
    """

    api_key: Any
    host: Any
    debug: Any = False
    disabled: Any = False
    send: Any = True
    sync_mode: Any = False
    disable_geoip: Any = True
    on_error: OnError | None = None
    before_send: Review | None = None
    super_properties: Mapping[str, Any] | None = None
    enable_exception_autocapture: Any = False

    def __init__(
        self,
        project_api_key: str | None = None,
        host: str | None = None,
        debug: bool = False,
        max_queue_size: int | None = None,
        send: bool = True,
        on_error: OnError | None = None,
        flush_at: int | None = None,
        flush_interval: float | None = None,
        gzip: bool = False,
        max_retries: int | None = None,
        sync_mode: bool = False,
        timeout: float | None = None,
        thread: int = 1,
        poll_interval: float = 30,
        personal_api_key: str | None = None,
        *_more: object,
        **options: Any,
    ) -> None:
        vars(self).update((name, value) for name, value in options.items() if not hasattr(Recorder, name))
        for name in ("disabled", "disable_geoip", "before_send", "super_properties", "enable_exception_autocapture"):
            if name in options:
                setattr(self, name, options[name])
        self.api_key = project_api_key or options.get("api_key")
        self.host = host
        self.debug = debug
        self.max_queue_size = max_queue_size
        self.send = send
        self.on_error = on_error
        self.flush_at = flush_at
        self.flush_interval = flush_interval
        self.gzip = gzip
        self.max_retries = max_retries
        self.sync_mode = sync_mode
        self.timeout = timeout
        self.thread = thread
        self.poll_interval = poll_interval
        self.personal_api_key = personal_api_key

    # What records.

    if TYPE_CHECKING:

        @overload
        def capture(self, distinct_id: Any, event: str, *args: Any, **named: Any) -> OldAnswer: ...
        @overload
        def capture(self, event: str, **named: Any) -> str | None: ...
        @overload
        def capture(self, **named: Any) -> str | None: ...

    def capture(self, *args: Any, **named: Any) -> Any:
        """Records an event: ``capture(event, distinct_id=, properties=, ...)`` gives its UUID, or None if nothing was
        recorded; ``capture(distinct_id, event, properties, ...)`` gives ``(whether, message)``, as posthog before 6."""
        return self._call(_calls.capture(args, named), _messages.captured)

    def capture_ai(self, event: str, **named: Any) -> str | None:
        """As ``capture``: all events go one way."""
        answer: str | None = self.capture(event, **named)
        return answer

    def capture_exception(self, *args: Any, **named: Any) -> Any:
        """Records what kind of exception it was and where, never its message: ``$exception``. An exception that was
        captured before is not captured again."""
        error = _exceptions.of(named.get("exception", args[0] if args else None))
        if error is None or _exceptions.is_captured(error):
            return None
        call = _calls.capture_exception(args, named)
        answer = self._call(call, lambda call: _messages.exception(call, _exceptions.properties(error)))
        if answer if not call.old else answer[0]:
            _exceptions.mark_captured(error)
        return answer

    def identify(self, *args: Any, **named: Any) -> OldAnswer:
        """``identify(distinct_id, properties)``, until posthog 5: says who somebody is."""
        message = lambda call: _messages.about_person("$identify", "$set", call)  # noqa: E731
        answer: OldAnswer = self._call(_calls.identify(args, named), message)
        return answer

    def set(self, *args: Any, **named: Any) -> Any:
        """``set(distinct_id=, properties=)``: properties of a person."""
        return self._call(_calls.person(args, named), lambda call: _messages.about_person("$set", "$set", call))

    def set_once(self, *args: Any, **named: Any) -> Any:
        """As ``set``, for properties that the person does not have yet."""
        return self._call(
            _calls.person(args, named), lambda call: _messages.about_person("$set_once", "$set_once", call)
        )

    def alias(self, *args: Any, **named: Any) -> Any:
        """``alias(previous_id, distinct_id)``: two IDs of one person."""
        return self._call(_calls.alias(args, named), _messages.alias)

    def group_identify(self, *args: Any, **named: Any) -> Any:
        """``group_identify(group_type, group_key, properties)``: properties of a group."""
        return self._call(_calls.group_identify(args, named), _messages.group)

    def page(self, *args: Any, **named: Any) -> OldAnswer:
        """``page(distinct_id, url, properties)``, until posthog 5: a ``$pageview``."""
        answer: OldAnswer = self._call(_calls.page(args, named), _messages.page)
        return answer

    def _call(self, call: Call, message_of: Callable[[Call], Message | None]) -> Any:
        told = call.given
        try:
            if self.disabled or not self._key() or self._is_off():
                return (False, "disabled") if call.old else None
            message = message_of(call)
            if message is None:
                return (False, None) if call.old else None
            self._complete(message, call.given.get("disable_geoip"))
            told = message.told()
            outcome, uuid = self._record(message)
        except Exception as error:
            self._failed(error, told)
            return (False, told) if call.old else None
        if not call.old:
            return uuid
        if outcome == "before_send":
            return True, None
        return (False, "disabled") if uuid is None else (True, {**told, "uuid": uuid})

    def _complete(self, message: Message, disable_geoip: object) -> None:
        """What a client says about all of its events. As in posthog, its properties win over an event's."""
        if self.disable_geoip if disable_geoip is None else disable_geoip:
            message.properties["$geoip_disable"] = True
        message.properties.update(self.super_properties or {})

    def _record(self, message: Message) -> tuple[str, str | None]:
        """What became of it, or what dropped it; and its UUID if it counts as recorded."""
        if not self.send:
            from uuid import uuid4

            return "ok", str(message.uuid or uuid4())  # as posthog answers it; nothing is recorded
        review = self._review()
        client = self._destination(review)
        if isinstance(client, Exception):
            raise client
        self._used().setdefault(id(client), client)
        token = _destinations.reviewing(review)
        try:
            status, uuid, reason = self._capture(client, message, review)
            if status == "invalid_uuid":
                message.uuid = None
                status, uuid, reason = self._capture(client, message, review)
        finally:
            _destinations.reviewed_before(token)
        if status not in ("ok", "disabled", "dropped"):
            raise ValueError(f"{status}: {reason}")
        self._say(f"{status}: {reason}" if reason else status)
        if self.sync_mode and uuid:
            _destinations.flush((client,), FLUSH_SECONDS)
        return reason or status, uuid

    def _capture(self, client: overt.Client, message: Message, review: object) -> tuple[str, str | None, str | None]:
        what: Any = (message.event, message.properties)
        about: Any = {"distinct_id": message.distinct_id, "timestamp": message.timestamp, "uuid": message.uuid}
        if review or self.on_error or self.debug or message.uuid:
            return client.capture(*what, **about)
        # Nobody will ask why not. The answer that says so needs a module that takes as long to import as all of this.
        uuid = client.capture_event(*what, **about)
        return "ok" if uuid else "disabled", uuid, None

    # Where it goes.

    def _key(self) -> str:
        return str(self.api_key or "").strip()

    def _settings(self) -> Mapping[str, Any]:
        """Where overt's own options are looked for."""
        return vars(self)

    def _review(self) -> Review | None:
        return self.before_send if callable(self.before_send) else None

    def _destination(self, review: object) -> Destination:
        found: dict[tuple[str, str, bool], Destination] = vars(self)["_found"]  # before the settings are read
        place = (self._key(), str(self.host or "").strip(), review is not None)
        destination = found.get(place)
        if destination is None:
            destination = found.setdefault(place, _destinations.destination(*place, self._settings()))
        return destination

    def _forget_destinations(self) -> None:
        """After a setting has changed. Who is looking meanwhile, and may have read the old one, keeps what he finds in
        the old dict, and nobody finds it there."""
        vars(self)["_found"] = {}

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        self._forget_destinations()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._forget_destinations()

    def _is_off(self) -> bool:
        """Whether there is no consent, and nobody asks why: then no message needs to be made."""
        if self.debug or not self.send:
            return False
        client = self._destination(self._review())
        return isinstance(client, overt.Client) and not client.enabled

    def _used(self) -> dict[int, overt.Client]:
        """The clients that this one has recorded with."""
        used: dict[int, overt.Client] = vars(self).setdefault("_used_clients", {})
        return used

    def _wait(self, seconds: float | None) -> None:
        try:
            _destinations.flush(tuple(self._used().values()), seconds if seconds is not None else FLUSH_SECONDS)
        except Exception as error:
            self._failed(error)

    # What is said about it.

    def _failed(self, error: Exception, *batch: Event) -> None:
        """Tells the program as posthog does: the exception, and the batch."""
        try:
            self._say(str(error))
            if self.on_error is not None:
                self.on_error(error, list(batch))
        except Exception as error:
            self._say(f"on_error: {type(error).__name__}")

    def _say(self, what: str) -> None:
        if self.debug:
            try:
                sys.stderr.write(f"[posthog] {what}\n")
            except Exception:
                return  # there may be no such stream

    # Contexts.

    def new_context(self, fresh: bool = False, capture_exceptions: bool | None = None) -> _contexts.new_context:
        """Begins a context for a ``with`` block; exceptions are captured by this client."""
        return _contexts.new_context(fresh, capture_exceptions, self)

    def scoped(self, fresh: bool = False, capture_exceptions: bool | None = None) -> _contexts.new_context:
        """A decorator: each call of the function runs in a context of its own."""
        return _contexts.new_context(fresh, capture_exceptions, self)

    def tag(self, name: str = "", value: Any = None, *, key: str = "") -> None:
        """Makes a property of all events of this context, whoever captures them."""
        _contexts.tag(name, value, key=key)

    def get_tags(self) -> dict[str, Any]:
        """The tags of this context, inherited ones included; a copy."""
        return _contexts.get_tags()

    def identify_context(self, distinct_id: str) -> None:
        """Makes this the distinct ID of all events of this context that name none."""
        _contexts.identify_context(distinct_id)

    def set_context_session(self, session_id: str) -> None:
        """Makes this the ``$session_id`` of all events of this context that name none."""
        _contexts.set_context_session(session_id)

    def set_context_device_id(self, device_id: str) -> None:
        """Only feature flags would ask for it."""
        _contexts.set_context_device_id(device_id)

    # What is there, and does nothing.

    def start_span(self, name: str, **named: object) -> _inert.Span:
        """A span that is not recorded."""
        return _inert.start_span(name, **named)

    def get_active_span(self) -> _inert.Span | None:
        """None is recorded, so none is active."""
        return None

    @property
    def log(self) -> Logger:
        """posthog's logger, whose level programs set. Nothing is written to it."""
        from logging import getLogger

        return getLogger("posthog")

    @property
    def metrics(self) -> _inert.Metrics:
        """Metrics that go nowhere."""
        return _inert.Metrics()

    @metrics.setter
    def metrics(self, _configuration: object) -> None:
        pass

    def __repr__(self) -> str:
        return f"<overt.posthog.{type(self).__name__}>"


class Client(_flags.Reads, Recorder):
    """A client of its own: key, host, ``before_send`` and all else are this instance's alone."""

    def flush(self, timeout_seconds: float | None = None) -> None:
        """Waits until what this client recorded is delivered: 5 seconds at the most, or as many as are given."""
        self._wait(timeout_seconds)

    def join(self) -> None:
        """As ``shutdown``."""
        self._wait(SHUTDOWN_SECONDS)

    def shutdown(self) -> None:
        """Waits 2 seconds at the most. The client can still be used: another library may have the same key and host."""
        self._wait(SHUTDOWN_SECONDS)


class Posthog(Client):
    """The name by which programs know it."""
