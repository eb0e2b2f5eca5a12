"""AWS SAM CLI's telemetry: its variables, its `metadata.json`, its notice and its metrics, by public options alone.

    telemetry = aws_sam(__version__, endpoint="https://…", prompt=PROMPT, user_errors=(UserException,))
    telemetry.instrument(cli)                # the click group: every command below it, too

- `SAM_CLI_TELEMETRY` is on for exactly `1` and off for anything else; then `telemetryEnabled` of `metadata.json`
  counts. Where neither says anything, the first command shows the prompt on stderr, writes `true` and sends
  `installed`.
- A run sends `commandRun` (`commandRunExperimental`), and before it `events`, if any were tracked.
- No client is made, no file is looked at and nothing is asked before a command runs.
"""

from __future__ import annotations

import os
import sys
from functools import cached_property

import overt
from overt import commands, project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal, TypeVar

    _C = TypeVar("_C")

VARIABLE = "SAM_CLI_TELEMETRY"
APP_DIR_VARIABLE = "__SAM_CLI_APP_DIR"
ENDPOINT_VARIABLE = "__SAM_CLI_TELEMETRY_ENDPOINT_URL"
USER_AGENT_VARIABLE = "AWS_TOOLING_USER_AGENT"

# What says something about a run as a whole. All else that is added to it is in `metricSpecificAttributes`.
_PROFILE, _DEBUG, _REGION = "awsProfileProvided", "debugFlagProvided", "region"

_SYSTEMS = {"darwin": "Darwin", "linux": "Linux", "win32": "Windows"}
_DESKTOPS = {".colima/": "colima", ".lima/": "lima", ".orbstack/": "orbstack", ".rd/": "rancher-desktop"}
_SOCKETS = {"docker.sock": "docker", "finch.sock": "finch", "podman.sock": "podman"}


def aws_sam(
    version: str,
    *,
    prompt: str,
    endpoint: str | None = None,
    app_dir: str | os.PathLike[str] | None = None,
    program: str = "sam",
    allowlist: Mapping[str, Iterable[str]] | None = None,
    user_errors: Iterable[type[BaseException]] = (),
    is_experimental: Callable[[], bool] | None = None,
    project_hash: Literal["sha256", "hmac"] = "sha256",
    **options: Any,
) -> AwsSam:
    """Gives a tool the telemetry of AWS SAM CLI. Does nothing before a command runs.

    `prompt`: what a person is told once, on stderr, before anything is recorded. `endpoint`: where metrics go; without
    one nothing is sent; the variable `__SAM_CLI_TELEMETRY_ENDPOINT_URL` wins. `app_dir`: where `metadata.json` lies;
    default: `~/.aws-sam`; the variable `__SAM_CLI_APP_DIR` wins. `program`: the first word of each command, and the app
    of `overt status --app`. `allowlist`: the events that may be tracked, names and their values. `user_errors`: the
    exceptions that mean a mistake of the user's, exit code 1. `is_experimental`: asked at the end of a run.
    `project_hash`: `sha256`, as AWS SAM CLI has it, can be looked up by who knows the URL; `hmac` is salted. `options`:
    of `overt.Client`, and they win; such as `exit_timeout`, `detached_upload`, `notice_anywhere`, `state_dir`.

    ValueError: the prompt is empty.
    """
    if not prompt.strip():
        raise ValueError("prompt: nothing is recorded of people who were told nothing")
    return AwsSam(
        version,
        options={"app": program, "notice": prompt, **options},
        endpoint=endpoint,
        app_dir=app_dir,
        program=program,
        allowlist=allowlist,
        user_errors=tuple(user_errors),
        is_experimental=is_experimental,
        project_hash=project_hash,
    )


class AwsSam:
    """The telemetry of one tool. May be used from any thread."""

    def __init__(
        self,
        version: str,
        *,
        options: dict[str, Any],
        endpoint: str | None,
        app_dir: str | os.PathLike[str] | None,
        program: str,
        allowlist: Mapping[str, Iterable[str]] | None,
        user_errors: tuple[type[BaseException], ...],
        is_experimental: Callable[[], bool] | None,
        project_hash: Literal["sha256", "hmac"],
    ) -> None:
        self._version = version
        self._options = options
        self._endpoint = endpoint
        self._app_dir = app_dir
        self._project_hash = project_hash
        self._of_runs: commands.RunOptions = {
            "program": program,
            "allowlist": allowlist,
            "exit_code": commands.by_fault(*user_errors),
            "attributes": self._attributes,
            "shape": _Metrics(self, is_experimental),
        }

    def instrument(self, command: _C) -> _C:
        """Records each run of a click group or command, and of all below it. Gives it back."""
        return commands.instrument(command, self.open, **self._of_runs)

    def track_command(self, name: str) -> commands.Tracked:
        """Records a run of a function, as its decorator, or of a `with` block: `track_command("local start-api")`."""
        return commands.track_command(self.open, name=name, **self._of_runs)

    def add_options(self, *, profile: object = None, debug: object = None, region: str | None = None) -> None:
        """Adds what the common options of the command line say to the current run: whether there is a profile, whether
        debugging is on, and the region, if it looks like one. What is None or false changes nothing."""
        run = commands.current_run()
        if run is not None:
            said = {_PROFILE: bool(profile), _DEBUG: bool(debug), _REGION: region if _is_region(region) else None}
            run.add({name: value for name, value in said.items() if value})

    def open(self) -> overt.Client:
        """The client: the first call makes it, and on a person's first run shows the prompt and sends `installed`.
        overt.ConfigError: an option cannot be used."""
        return self.client

    @cached_property
    def client(self) -> overt.Client:
        """As `open`."""
        endpoint = os.environ.get(ENDPOINT_VARIABLE, self._endpoint)
        moved = os.environ.get(APP_DIR_VARIABLE) or self._app_dir
        directory = os.path.abspath(moved) if moved else os.path.expanduser(os.path.join("~", ".aws-sam"))
        if not os.path.isabs(directory):  # nobody's home
            directory = os.devnull
        metadata = os.path.join(directory, "metadata.json")
        usual: dict[str, Any] = {
            "app_version": self._version,
            "wire": "aws-sam",
            "ack": "write",
            "endpoint": endpoint,
            "client_id_path": metadata,
            "client_id_key": "installationId",
            "consent_path": metadata,
            "consent_key": "telemetryEnabled",
            "consent_env": f"{VARIABLE}=1",
            # AWS SAM CLI tells it wherever it runs first, also in CI.
            "notice_anywhere": True,
            "in_ci": True,
        }
        if moved:
            usual["state_dir"] = os.path.join(directory, "overt")
        client = overt.Client(**{**usual, **self._options})
        if client.notice_shown:
            run = commands.current_run()
            session = "" if run is None else run.session_id
            client.capture_event("installed", {**self.common(session), "telemetryEnabled": True})
        return client

    def common(self, session_id: str) -> dict[str, object]:
        """The attributes of every metric, besides `requestId` and `installationId`. Without a run there is no session:
        the empty text."""
        return {"sessionId": session_id, **self._environment}

    @cached_property
    def _environment(self) -> dict[str, object]:
        said = overt.environment()
        # overt takes `CI=false` for none; AWS SAM CLI asks whether the variable is there.
        ci = said["ci"] or ("Other" if "CI" in os.environ else None)
        attributes: dict[str, object] = {
            "executionEnvironment": ci or "CLI",
            "ci": ci is not None,
            "pyversion": sys.version.split()[0],
            "samcliVersion": self._version,
            "osPlatform": _SYSTEMS.get(sys.platform, sys.platform),
        }
        agent = user_agent(os.environ.get(USER_AGENT_VARIABLE), said["agent"])
        return attributes if agent is None else {**attributes, "userAgent": agent}

    def _attributes(self, _run: commands.Run) -> dict[str, object]:
        hashed = project.project_attributes(self.client, algorithm=self._project_hash)
        return {
            "projectType": None,
            "gitOrigin": hashed["git_origin"],
            "projectName": hashed["project_name"],
            "initialCommit": hashed["initial_commit"],
            "containerEngine": container_engine(os.environ.get("DOCKER_HOST")),
            "adminContainerPreference": None,
        }


class _Metrics(commands.Shape):
    """A run and its events, as AWS SAM CLI's metrics."""

    def __init__(self, telemetry: AwsSam, is_experimental: Callable[[], bool] | None) -> None:
        self._telemetry = telemetry
        self._is_experimental = is_experimental

    def command(self, run: commands.Run) -> tuple[str, Mapping[str, object]]:
        specific = dict(run.attributes)
        is_experimental = self._is_experimental is not None and self._is_experimental()
        return "commandRunExperimental" if is_experimental else "commandRun", {
            **self._telemetry.common(run.session_id),
            _PROFILE: specific.pop(_PROFILE, False),
            _DEBUG: specific.pop(_DEBUG, False),
            _REGION: specific.pop(_REGION, ""),
            "commandName": run.command,
            "duration": run.duration_ms,
            "exitReason": run.exit_reason,
            "exitCode": run.exit_code,
            "metricSpecificAttributes": specific,
        }

    def events(self, run: commands.Run, events: list[dict[str, str | None]]) -> tuple[str, Mapping[str, object]]:
        return "events", {
            **self._telemetry.common(run.session_id),
            "commandName": run.command,
            "metricSpecificAttributes": {"events": events},
        }


def container_engine(address: str | None) -> str:
    """What runs containers, by the path of its socket or the value of `DOCKER_HOST`: one of a dozen names, never any
    part of the address."""
    text = (address or "").lower()
    if not text:
        return "docker-default"
    if text.endswith("docker.sock"):
        for directory, name in _DESKTOPS.items():
            if directory in text:
                return name
    for socket, name in _SOCKETS.items():
        if text.endswith(socket):
            return name
    if text.startswith("tcp://"):
        return "tcp-local" if "localhost:" in text or "127.0.0.1:" in text else "tcp-remote"
    return "unknown"


def user_agent(said: str | None, agent: str | None) -> str | None:
    """What drives the tool: what a variable says, if it has the form `name/1.2.3-rest`, or else the coding agent."""
    if said:
        import re

        said = said.strip()
        if re.fullmatch(r"[A-Za-z0-9_-]{1,64}/\d+\.\d+(\.\d+)?(-[A-Za-z0-9]{0,16})?", said, re.ASCII):
            return said
    return None if agent is None else f"{agent}/1.0"


def _is_region(text: object) -> bool:
    """Whether this is the name of a region, such as `us-gov-west-1`, and so nothing that got there by mistake."""
    import re

    return isinstance(text, str) and re.fullmatch(r"[a-z]{2,4}(-[a-z]{1,16}){1,3}-\d{1,2}", text, re.ASCII) is not None
