"""The options of a client, for readers and type checkers. Their defaults are the core's, for all languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Required


class Options(TypedDict, total=False):
    """The keyword arguments of ``Client``. Left out and None are the same. Times are seconds."""

    app: Required[str]
    """The tool's name: 1 to 64 letters, digits, `.`, `-` and `_`. It names the state directory, and is `$app_name`."""
    app_version: str | None
    """The tool's version, `$app_version`. Default: none."""
    api_key: str | None
    """The project's public key. Without one the client is disabled; `aws-sam` needs none."""
    endpoint: str | None
    """The server's URL. Default: PostHog's US cloud; with `aws-sam` there is none, and the client is disabled. Plain
    http only to loopback, unless the next option says so."""
    allow_plain_http: bool | None
    """Whether the endpoint may be plain http beyond loopback. Default: False."""
    wire: str | None
    """The protocol: `posthog` (default), `posthog-v1` with a result for each event, `aws-sam` for SAM CLI's metrics."""
    compression: str | None
    """How requests are packed: `none` (default), `gzip`; with `posthog-v1` also `deflate` and `zstd`."""
    ack: str | None
    """When an event counts as delivered: `status` (default), when the server's status says so; `write`, only with
    `aws-sam`, as soon as its request is written, whatever comes back."""
    response_wait: float | None
    """With `write`, how many seconds the answer is awaited nevertheless, by nobody but overt's thread. Default: 0.1."""
    extra_headers: Mapping[str, str] | None
    """Headers added to every request; one that overt sets itself is refused."""
    flush_at: int | None
    """So many waiting events start a send by themselves. Default: 100."""
    flush_interval: float | None
    """The oldest waiting event starts a send after so many seconds. Default: 5."""
    max_retries: int | None
    """Attempts of a batch after the first; then it rests for minutes. Default: 3."""
    timeout: float | None
    """The whole of one request, in seconds: name lookup, connection, TLS, writing and reading. Default: 10."""
    connect_timeout: float | None
    """What of it the name lookup and the connection may take. Default: 5."""
    exit_timeout: float | None
    """How long `close`, the end of a `with` block and the exit may wait for delivery. Default: 0, nothing waits."""
    max_event_bytes: int | None
    """The largest event. Default: 32 KiB, at most 900 KiB."""
    max_batch_bytes: int | None
    """The largest request, before packing. Default: 512 KiB, at most 5 MiB."""
    max_spool_events: int | None
    """The most events waiting on disk. Default: 10,000."""
    max_spool_bytes: int | None
    """The most bytes waiting on disk. Default: 8 MiB."""
    max_spool_age: float | None
    """The longest an event waits, in seconds. Default: 30 days."""
    max_memory_events: int | None
    """The most events held in memory while the disk cannot be written. Default: 1,000."""
    disable_geoip: bool | None
    """Whether the server is asked not to derive a place from the sender's address. Default: True."""
    person_profiles: bool | None
    """Whether events make person profiles. Default: False, events are anonymous."""
    historical_migration: bool | None
    """Marks requests as an import of old events. Default: False."""
    super_properties: Mapping[str, object] | None
    """Properties of every event; an event's own win."""
    enrich: bool | None
    """Whether events say on what kind of system they arose. Default: True."""
    report_losses: bool | None
    """Whether an event `overt_losses` tells the server how many events were lost on this machine, if any were. Default:
    True."""
    before_send: Callable[[dict[str, Any]], Mapping[str, object] | None] | None
    """A last look at each event, in the thread that captures. What it gives back is recorded; None drops the event, and
    so does an exception."""
    state_dir: str | os.PathLike[str] | None
    """Where everything is kept. Default: the platform's directory for a user's state, `overt`, then the app's name."""
    client_id_path: str | os.PathLike[str] | None
    """A text file of the tool's own that holds the client ID. Default: `client_id` in the state directory."""
    counters_path: str | os.PathLike[str] | None
    """A file of the tool's own that counts its commands (`record_command`), such as `~/.config/pace/telemetry.yaml`:
    one of PACE's is taken over. The client ID then lives there. Default: none, commands are not counted."""
    counters_endpoint: str | None
    """Where the counts go as one JSON document; under the same rule as `endpoint`. Default: they go as events, if there
    is a key."""
    counters_interval: float | None
    """How often the counts go, in seconds. Default: 3600. Negative: never, they are only kept."""
    keep_sent: bool | None
    """Whether the last events that were sent stay readable. Off: what was kept goes with the next delivery. Default:
    True."""
    client_id_key: str | None
    """The client ID is the string under this key of `client_id_path`, which then is a JSON object's file. Default: it
    is a text file."""
    consent: bool | Callable[[], bool | None] | None
    """The host says so itself, or is asked at each capture (None: no opinion). Off is final; on stands below the
    variables and a stored off."""
    consent_env: str | Iterable[str] | None
    """Variables of the tool's own: `NAME` is on for 1, true, t, yes, y and on in any case, `NAME=1,yes` for exactly
    these values. Any other value, the empty one included, is off."""
    consent_path: str | os.PathLike[str] | None
    """A JSON object's file of the tool's own that holds the user's choice, under `consent_key`. Its other members stay
    as they are. Default: the choice lies in the state directory."""
    consent_key: str | None
    """The key in `consent_path` whose boolean is the choice. Without it nobody has chosen; what is no boolean, or a
    file that cannot be read, is off."""
    default_consent: bool | None
    """What holds if nobody says anything. Default: True."""
    respect_do_not_track: bool | None
    """Whether `DO_NOT_TRACK` counts. Default: True."""
    in_ci: bool | None
    """Whether the default holds in CI too, where nobody sees a notice. Default: False."""
    notice: str | None
    """What a person is told once, on a terminal, before the default counts for them: what is sent, where to read it,
    how to stop it. It goes to stderr. Default: nothing is told, and the default counts at once."""
    send_before_notice: bool | None
    """Whether the default counts before the notice was shown. Default: False."""
    notice_anywhere: bool | None
    """Whether the notice is shown in CI, too, and where stderr is a pipe or a file, which somebody may read later.
    Never to a null device. Default: False, only on a terminal."""
    detached_upload: bool | None
    """Whether a process of its own, this interpreter started again, delivers what the end of a client leaves. One at a
    time, one a minute, none longer than a minute. Default: False. Without effect where `sys.executable` is not Python:
    in frozen applications, and in programs that embed it."""
    background: bool | None
    """Whether a thread of overt's sends events by itself. Default: True. Off: only `flush` and `close` do."""
    debug: bool | None
    """Says on stderr what is done, never what an event holds. Default: False. `OVERT_DEBUG=1` does the same."""
