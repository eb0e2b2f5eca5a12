"""A click program with the telemetry of AWS SAM CLI: see README.md. What concerns telemetry is marked with (t)."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import click

from overt import commands, presets

__version__ = "1.150.0"

# (t) Shown once, on stderr, before anything is recorded.
PROMPT = """
sam-like records which of its commands are used, how long they take and how they end, with hashes of the project's git
origin, name and first commit. SAM_CLI_TELEMETRY=0 stops it, and so does "telemetryEnabled": false in
~/.sam-like/metadata.json. `python -m overt show --app sam --state-dir ~/.sam-like/overt` prints what is sent.
"""

# (t) What may be tracked within a run: names, and their values.
EVENTS = {
    "BuildFunctionRuntime": {"nodejs20.x", "python3.12"},
    "BuildWorkflowUsed": {"esbuild", "pip"},
    "SyncFlowStart": {"code"},
    "SyncFlowEnd": {"code"},
    "UsedFeature": {"Accelerate", "CDK", "Cleanup"},
}


class UserException(click.ClickException):
    """A mistake of the user's. `wrapped_from`: the exception that it stands for."""

    def __init__(self, message: str, wrapped_from: str | None = None) -> None:
        super().__init__(message)
        self.wrapped_from = wrapped_from


class BuildError(UserException):
    """The user's code cannot be built."""


# (t) All that a tool has to say.
telemetry = presets.aws_sam(
    __version__,
    prompt=PROMPT,
    endpoint="http://127.0.0.1:8990/metrics",
    app_dir=os.path.join(os.path.expanduser("~"), ".sam-like"),
    allowlist=EVENTS,
    user_errors=(UserException,),
    is_experimental=lambda: _State.beta_features,
    exit_timeout=float(os.environ.get("SAM_LIKE_EXIT_TIMEOUT", "0")),
)


class _State:
    beta_features = False


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--debug`, `--profile` and `--region`, which every command has."""

    def say(_context: click.Context, option: click.Parameter, value: Any) -> Any:
        telemetry.add_options(**{str(option.name): value})  # (t)
        return value

    for option in (
        click.option("--debug", is_flag=True, expose_value=False, callback=say, help="Say more."),
        click.option("--profile", expose_value=False, callback=say, help="The profile whose credentials are used."),
        click.option("--region", expose_value=False, callback=say, help="The region, such as us-east-1."),
    ):
        command = option(command)
    return command


@click.group()
@click.version_option(__version__)
def cli() -> None:
    """Builds and runs serverless applications, or pretends to."""


@cli.command()
@common_options
def init() -> None:
    """Begin a new application."""
    click.echo("begun")


@cli.command()
@common_options
@click.option("--fail", type=click.Choice(["user", "wrapped", "crash", "interrupt"]), help="How to fail.")
@click.option("--beta-features", is_flag=True, help="Take the new way.")
def build(fail: str | None, beta_features: bool) -> None:
    """Build the application."""
    _State.beta_features = beta_features
    run = commands.current_run()
    if run is not None:
        run.add(projectType="CFN")  # (t)
    commands.track_event("BuildFunctionRuntime", "python3.12")  # (t)
    packer = threading.Thread(target=commands.track_event, args=("BuildWorkflowUsed", "pip"))  # (t)
    packer.start()
    packer.join()
    if fail == "user":
        raise BuildError("there is no template")
    if fail == "wrapped":
        raise UserException("the service refuses", wrapped_from="AccessDeniedException")
    if fail == "crash":
        raise RuntimeError("secret of the user's")
    if fail == "interrupt":
        raise KeyboardInterrupt
    click.echo("built")


@cli.command()
@common_options
def sync() -> None:
    """Bring the cloud up to date."""
    with commands.track_long_event("SyncFlowStart", "code", "SyncFlowEnd", "code"):  # (t)
        click.echo("synced")


@cli.group()
def local() -> None:
    """Run the application on this machine."""


@local.command("start-api")
@common_options
@click.option("--seconds", type=float, default=0.0, help="How long to serve.")
def start_api(seconds: float) -> None:
    """Serve the application's API."""
    commands.track_event("UsedFeature", "Accelerate")  # (t)
    commands.track_event("UsedFeature", "whatever is not declared")  # (t) and so is dropped
    time.sleep(seconds)
    click.echo("served")


telemetry.instrument(cli)  # (t)


def clean_up() -> None:
    """What a tool does last."""
    commands.track_event("UsedFeature", "Cleanup")  # (t)


if __name__ == "__main__":
    atexit.register(clean_up)
    cli(prog_name="sam")
