"""Typer, with a click of its own inside (from 0.27 or so) or beside it."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import overt
from conftest import MakeClient, RunPython, recorded
from overt import commands

SECRET = "s3cret"


def build(app: typer.Typer) -> typer.Typer:
    nested = typer.Typer()
    app.add_typer(nested, name="local")

    @nested.command("start-api")
    def start_api(end: str = "", port: int = 0) -> None:  # noqa: ARG001
        if end == "exit":
            raise typer.Exit(3)
        if end == "abort":
            raise typer.Abort
        if end:
            raise ValueError(end)

    @app.command()
    def other() -> None:
        pass

    return app


def runs_of(client: overt.Client, app: typer.Typer, *args: str) -> list[tuple[Any, ...]]:
    before = len(recorded(client))
    CliRunner().invoke(app, list(args))
    return [
        (run["command"], run["exit_reason"], run["exit_code"])
        for _, run in recorded(client)[before:]
        if run["session_id"]
    ]


@pytest.mark.parametrize("first", [True, False], ids=["instrumented first", "built first"])
@pytest.mark.parametrize(
    ("args", "run"),
    [
        (("local", "start-api"), ("starfish local start-api", "success", 0)),
        (("local", "start-api", "--end", "exit"), ("starfish local start-api", "Exit", 3)),
        (("local", "start-api", "--end", "abort"), ("starfish local start-api", "Abort", 1)),
        (("local", "start-api", "--end", SECRET), ("starfish local start-api", "ValueError", 1)),
        (("local", "start-api", "--port", SECRET), ("starfish local start-api", "BadParameter", 2)),
        (("other",), ("starfish other", "success", 0)),
        (("--help",), None),
        (("local", "start-api", "--help"), None),
        (("local",), ("starfish local", "UsageError", 2)),
    ],
)
def test_a_run_is_recorded_as_it_was(
    client: overt.Client, args: tuple[str, ...], run: tuple[Any, ...] | None, first: bool
) -> None:
    app = typer.Typer()
    if first:
        commands.instrument(app, client)
    build(app)
    if not first:
        assert commands.instrument(app, client) is app
    assert runs_of(client, app, *args) == ([] if run is None else [run])
    assert not any(SECRET in line for line in client.pending())


@pytest.mark.parametrize("first", [True, False], ids=["instrumented first", "built first"])
def test_an_application_of_one_command_is_that_command(client: overt.Client, first: bool) -> None:
    app = typer.Typer()
    if first:
        commands.instrument(app, client)

    @app.command()
    def only(code: int = 0) -> None:
        raise typer.Exit(code)

    if not first:
        commands.instrument(app, client)
    assert runs_of(client, app, "--code", "4") == [("starfish", "Exit", 4)]
    assert runs_of(client, app) == [("starfish", "success", 0)]


def test_a_callback_and_a_class_of_the_tools_own_stay(client: overt.Client) -> None:
    seen: list[str] = []

    class Group(typer.core.TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            seen.append("listed")
            return super().list_commands(ctx)

    app = commands.instrument(build(typer.Typer()), client)

    @app.callback(cls=Group)
    def root(debug: bool = False) -> None:  # noqa: ARG001
        seen.append("called")

    assert runs_of(client, app, "--debug", "other") == [("starfish other", "success", 0)]
    assert seen == ["called"]
    assert runs_of(client, app, "--help") == []
    assert "listed" in seen


def test_the_click_command_of_an_application_is_instrumented(client: overt.Client) -> None:
    command = typer.main.get_command(commands.instrument(build(typer.Typer()), client))
    with pytest.raises(SystemExit):
        command(["other"])
    assert [run["command"] for _, run in recorded(client)] == ["starfish other"]


def test_instrumented_anew_the_last_client_gets_the_runs(make_client: MakeClient, client: overt.Client) -> None:
    app = commands.instrument(build(typer.Typer()), make_client(app="before"))
    commands.instrument(app, client)
    assert runs_of(client, app, "other") == [("starfish other", "success", 0)]


def test_no_other_application_is_touched(client: overt.Client) -> None:
    commands.instrument(build(typer.Typer()), client)
    assert runs_of(client, build(typer.Typer()), "other") == []


def test_the_decorator_knows_its_command(client: overt.Client) -> None:
    app = typer.Typer()
    app.command("one")(lambda: None)

    @app.command("two")
    @commands.track_command(client)
    def two(count: int = 1) -> None:
        raise typer.Exit(count)

    assert runs_of(client, app, "two", "--count", "7") == [("starfish two", "Exit", 7)]


@pytest.mark.parametrize("end", ["typer.Exit(5)", "ValueError()", "typer.Abort()", "KeyboardInterrupt()"])
def test_the_process_ends_as_it_would_without(run_python: RunPython, client: overt.Client, end: str) -> None:
    code = """
        import typer, overt
        from overt import commands
        client = overt.Client(**options, background=False)
        app = typer.Typer(pretty_exceptions_enable=False)

        @app.command()
        def main():
            raise {end}

        if {instrumented}:
            commands.instrument(app, client)
        app([])
    """
    answers = [run_python(code.format(end=end, instrumented=instrumented)) for instrumented in (False, True)]
    assert answers[0].returncode == answers[1].returncode
    assert answers[0].stderr.splitlines()[-1:] == answers[1].stderr.splitlines()[-1:]
    (run,) = [run for _, run in recorded(client)]
    assert run["exit_code"] == answers[0].returncode
