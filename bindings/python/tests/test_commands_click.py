"""click: every run is recorded as it was and as it ended; the tool behaves as if nobody looked."""

from __future__ import annotations

import asyncio
import inspect
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncclick
import click
import pytest
from click.testing import CliRunner

import overt
from conftest import MakeClient, RunPython, recorded
from overt import commands

SECRET = "s3cret"


class UserError(click.ClickException):
    pass


class WrapsError(Exception):
    wrapped_from = "BotoCoreError"


def build(client: overt.Client, **options: Any) -> click.Group:
    """A tool with nested groups, one of which is loaded late, and a command that ends as its argument says."""
    ends: dict[str, Callable[[], Any]] = {
        "exit": lambda: click.get_current_context().exit(3),
        "exit0": lambda: click.get_current_context().exit(0),
        "value": lambda: _raise(ValueError(SECRET)),
        "user": lambda: _raise(UserError(SECRET)),
        "abort": lambda: _raise(click.Abort()),
        "interrupt": lambda: _raise(KeyboardInterrupt()),
        "pipe": lambda: _raise(BrokenPipeError(32, SECRET)),
        "text": lambda: _raise(SystemExit(SECRET)),
        "code": lambda: _raise(SystemExit(4)),
        "minus": lambda: _raise(SystemExit(-1)),
        "none": lambda: _raise(SystemExit()),
        "wraps": lambda: _raise(WrapsError(SECRET)),
        "fine": lambda: None,
    }

    class Lazy(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return [*super().list_commands(ctx), "late"]

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            if cmd_name == "late":
                return click.Command("its-own-name", callback=lambda: None)
            if cmd_name.startswith("sta"):  # as many tools do
                return self.commands["start-api"]
            return super().get_command(ctx, cmd_name)

    @click.group(invoke_without_command=False)
    @click.option("--debug/--no-debug")
    @click.version_option("1.0")
    def cli(debug: bool) -> None:
        pass

    @cli.group(cls=Lazy)
    @click.argument("where", required=False)
    def local(where: str | None) -> None:
        pass

    @local.command("start-api")
    @click.option("--end", default="fine")
    @click.option("--port", type=int)
    def start_api(end: str, port: int | None) -> Any:  # noqa: ARG001
        return ends[end]()

    @cli.group(chain=True)
    def chain() -> None:
        pass

    for name in ("one", "two"):
        chain.command(name)(lambda: None)

    @cli.command("other")
    @click.pass_context
    def other(ctx: click.Context) -> None:
        ctx.invoke(start_api, end="fine")
        CliRunner().invoke(cli, ["chain", "one"], catch_exceptions=False)

    cli.add_command(start_api, "alias")
    return commands.instrument(cli, client, **options)


def _raise(error: BaseException) -> None:
    raise error


def run_of(client: overt.Client, cli: click.Command, *args: str, **extra: Any) -> list[dict[str, Any]]:
    """The runs that a command line leaves behind."""
    before = len(recorded(client))
    CliRunner().invoke(cli, list(args), **extra)
    return [properties for _, properties in recorded(client)[before:]]


LOCAL = ("local", "here", "start-api")


@pytest.mark.parametrize(
    ("args", "command", "reason", "code"),
    [
        (LOCAL, "local start-api", "success", 0),
        ((*LOCAL, "--end", "exit0"), "local start-api", "success", 0),
        ((*LOCAL, "--end", "none"), "local start-api", "success", 0),
        ((*LOCAL, "--end", "exit"), "local start-api", "Exit", 3),
        ((*LOCAL, "--end", "value"), "local start-api", "ValueError", 1),
        ((*LOCAL, "--end", "user"), "local start-api", "UserError", 1),
        ((*LOCAL, "--end", "abort"), "local start-api", "Abort", 1),
        ((*LOCAL, "--end", "interrupt"), "local start-api", "KeyboardInterrupt", 1),
        ((*LOCAL, "--end", "pipe"), "local start-api", "BrokenPipeError", 1),
        ((*LOCAL, "--end", "text"), "local start-api", "SystemExit", 1),
        ((*LOCAL, "--end", "code"), "local start-api", "SystemExit", 4),
        ((*LOCAL, "--end", "minus"), "local start-api", "SystemExit", 255),
        ((*LOCAL, "--end", "wraps"), "local start-api", "BotoCoreError", 1),
        ((*LOCAL, "--port", SECRET), "local start-api", "BadParameter", 2),
        ((*LOCAL, "--" + SECRET), "local start-api", "NoSuchOption", 2),
        (("local", "here", "late"), "local late", "success", 0),
        (("local", "here", "sta"), "local start-api", "success", 0),
        (("alias",), "alias", "success", 0),
        (("--" + SECRET,), "", "NoSuchOption", 2),
        (("chain", "one", "two", "one"), "chain one two", "success", 0),
    ],
)
def test_a_run_is_recorded_as_it_was(
    client: overt.Client, args: tuple[str, ...], command: str, reason: str, code: int
) -> None:
    (run,) = run_of(client, build(client), *args)
    assert run["command"] == f"starfish {command}".strip()
    assert (run["exit_reason"], run["exit_code"]) == (reason, code)
    assert type(run["duration_ms"]) is int
    assert set(run) == {"command", "exit_reason", "exit_code", "duration_ms", "session_id"}
    assert not any(SECRET in line or "here" in line for line in client.pending())


@pytest.mark.parametrize("args", [(SECRET,), ("local", "here", SECRET)])
def test_an_unknown_command_is_recorded_without_its_name(client: overt.Client, args: tuple[str, ...]) -> None:
    (run,) = run_of(client, build(client), *args)
    assert run["command"] == " ".join(("starfish", *args[:1])[: len(args)])
    assert run["exit_reason"] in ("NoSuchCommand", "UsageError")  # by version
    assert run["exit_code"] == 2
    assert SECRET not in client.pending()[-1]


@pytest.mark.parametrize(
    "args",
    [(), ("local",), ("--help",), ("--version",), ("local", "--help"), (*LOCAL, "--help"), ("chain", "--help")],
    ids=" ".join,
)
def test_help_and_version_are_no_runs(client: overt.Client, args: tuple[str, ...]) -> None:
    assert run_of(client, build(client), *args) == []


def test_completion_is_no_run(client: overt.Client) -> None:
    line = {"_TOOL_COMPLETE": "bash_complete", "COMP_WORDS": "tool local x sta", "COMP_CWORD": "3"}
    cli = build(client)
    assert run_of(client, cli, env=line, prog_name="tool", complete_var="_TOOL_COMPLETE") == []
    with pytest.raises(SystemExit):
        cli.main(["local"], prog_name="tool", complete_var="_NOBODY_COMPLETE")


def test_what_the_tool_raises_goes_on_untouched(client: overt.Client) -> None:
    cause, error = KeyError("cause"), ValueError("error")

    @click.command()
    def tool() -> None:
        try:
            raise cause
        except KeyError:
            raise error from None

    with pytest.raises(ValueError, match="error"):
        tool.main([], standalone_mode=False)
    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    context = (error.__context__, error.__cause__, error.__suppress_context__, cause.__context__)
    error.__traceback__ = None
    commands.instrument(tool, client)
    with pytest.raises(ValueError, match="error") as watched:
        tool.main([], standalone_mode=False)
    assert watched.value is error
    assert (error.__context__, error.__cause__, error.__suppress_context__, cause.__context__) == context
    files = traceback.extract_tb(error.__traceback__)
    assert [frame.name for frame in files if f"{Path('overt', 'commands')}" not in frame.filename] == frames


def test_without_standalone_mode_results_come_back_and_exits_count(client: overt.Client) -> None:
    @click.command()
    @click.argument("how")
    def tool(how: str) -> str:
        if how == "exit":
            click.get_current_context().exit(3)
        return how

    commands.instrument(tool, client)
    assert tool.main(["result"], standalone_mode=False) == "result"
    assert tool.main(["exit"], standalone_mode=False) == 3
    with pytest.raises(click.UsageError):
        tool.main([], standalone_mode=False)
    ends = [(run["exit_reason"], run["exit_code"]) for _, run in recorded(client)]
    assert ends == [("success", 0), ("Exit", 3), ("MissingParameter", 2)]


def test_a_command_that_runs_others_is_one_run(client: overt.Client) -> None:
    (run,) = run_of(client, build(client), "other")
    assert (run["command"], run["exit_code"]) == ("starfish other", 0)


def test_a_tool_inside_another_is_recorded_by_each_client(make_client: MakeClient, tmp_path: Path) -> None:
    outer, inner = make_client(), make_client(app="inner", state_dir=tmp_path / "inner")

    @click.command()
    def tool() -> None:
        CliRunner().invoke(build(inner), [*LOCAL, "--end", "exit"])

    run_of(outer, commands.instrument(tool, outer))
    assert [(run["command"], run["exit_code"]) for _, run in recorded(outer)] == [("starfish", 0)]
    assert [(run["command"], run["exit_code"]) for _, run in recorded(inner)] == [("inner local start-api", 3)]


def test_runs_in_threads_do_not_mix(client: overt.Client) -> None:
    meet = threading.Barrier(2)

    @click.group()
    def cli() -> None:
        pass

    for name in ("one", "two"):
        cli.command(name)(lambda: _raise(SystemExit(meet.wait(60))))
    commands.instrument(cli, client)

    def run(name: str) -> None:
        with pytest.raises(SystemExit):
            cli.main([name])

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = [run for _, run in recorded(client)]
    assert sorted(run["command"] for run in runs) == ["starfish one", "starfish two"]
    assert sorted(run["exit_code"] for run in runs) == [0, 1]
    assert len({run["session_id"] for run in runs}) == 2


def test_a_rule_of_the_tool_gives_the_exit_code(client: overt.Client) -> None:
    cli = build(client, exit_code=commands.by_fault(UserError))
    ends = [
        run_of(client, cli, *LOCAL, "--end", end)[0]["exit_code"]
        for end in ("fine", "exit0", "none", "user", "value", "exit", "code", "abort", "interrupt")
    ]
    assert ends == [0, 0, 0, 1, 255, 255, 255, 255, 255]
    assert run_of(client, cli, *LOCAL, "--port", "x")[0]["exit_code"] == 1
    assert run_of(client, cli, SECRET)[0]["exit_code"] == 1

    def fails(_: BaseException | None) -> int:
        raise RuntimeError("not today")

    assert run_of(client, build(client, exit_code=fails), *LOCAL, "--end", "exit")[0]["exit_code"] == 3


def test_instrumented_anew_the_last_client_gets_the_runs(make_client: MakeClient, tmp_path: Path) -> None:
    before, after = make_client(), make_client(state_dir=tmp_path / "after")
    cli = build(before)
    commands.instrument(cli, after, program="tool")
    assert run_of(after, cli, *LOCAL)[0]["command"] == "tool local start-api"
    assert recorded(before) == []


def test_a_group_that_is_instrumented_below_another_is_part_of_its_run(client: overt.Client) -> None:
    cli = build(client)
    commands.instrument(cli.commands["local"], client)
    for args in (LOCAL, LOCAL):
        (run,) = run_of(client, cli, *args)
        assert run["command"] == "starfish local start-api"
    (run,) = run_of(client, cli.commands["local"], *LOCAL[1:])
    assert run["command"] == "starfish start-api"


def test_no_other_command_is_touched(client: overt.Client) -> None:
    methods = {name: getattr(click.Command, name) for name in ("main", "make_context", "invoke")}
    cli = build(client)
    run_of(client, cli, *LOCAL)
    assert {name: getattr(click.Command, name) for name in methods} == methods
    assert "make_context" not in vars(cli.commands["other"])  # never resolved

    @click.command()
    def alone() -> None:
        pass

    assert run_of(client, alone) == []
    # A command of the group that is run by itself is no run of the group's.
    assert run_of(client, cli.commands["local"], "x", "start-api") == []


def test_the_decorator_knows_its_command(client: overt.Client) -> None:
    @click.group()
    def cli() -> None:
        pass

    @cli.command("deploy-it")
    @click.option("--end", default=0)
    @commands.track_command(client, attributes={"kind": "one"})
    @click.pass_context
    def deploy(ctx: click.Context, end: int) -> None:
        """What it does."""
        ctx.exit(end)

    assert deploy.help == "What it does."
    (run,) = run_of(client, cli, "deploy-it", "--end", "5")
    assert (run["command"], run["exit_reason"], run["exit_code"]) == ("starfish deploy-it", "Exit", 5)
    assert run["kind"] == "one"
    # Under a group that is instrumented as well it is one run.
    commands.instrument(cli, client)
    assert len(run_of(client, cli, "deploy-it")) == 1


def test_an_asynchronous_command_is_a_run_until_it_is_awaited(client: overt.Client) -> None:
    def runs_async(function: Callable[..., Any]) -> Callable[..., Any]:
        assert inspect.iscoroutinefunction(function)
        return lambda **options: asyncio.run(function(**options))

    seen: list[commands.Run | None] = []

    @click.command("work")
    @runs_async
    @commands.track_command(client)
    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(commands.current_run())
        assert recorded(client) == []
        raise ValueError(SECRET)

    (run,) = run_of(client, work)
    assert (run["command"], run["exit_reason"]) == ("starfish", "ValueError")
    assert [one and one.session_id for one in seen] == [run["session_id"]]
    assert commands.current_run() is None


def test_tasks_in_one_loop_have_runs_of_their_own(client: overt.Client) -> None:
    @commands.track_command(client)
    async def outer(name: str) -> None:
        run = commands.current_run()
        assert run is not None
        await asyncio.sleep(0)
        run.add(name=name)
        assert commands.current_run() is run

    async def main() -> None:
        await asyncio.gather(*(outer(name) for name in "abc"))

    asyncio.run(main())
    assert sorted(run["name"] for _, run in recorded(client)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("args", "run"),
    [
        (["work"], ("starfish work", "success", 0)),
        (["work", "--code", "3"], ("starfish work", "SystemExit", 3)),
        (["work", "--code", SECRET], ("starfish work", "BadParameter", 2)),
        (["--help"], None),
        (["work", "--help"], None),
    ],
    ids=str,
)
def test_asyncclick_is_awaited(client: overt.Client, args: list[str], run: tuple[Any, ...] | None) -> None:
    @asyncclick.group()
    async def cli() -> None:
        pass

    @cli.command()
    @asyncclick.option("--code", type=int, default=0)
    async def work(code: int) -> None:
        await asyncio.sleep(0)
        assert commands.current_run() is not None
        if code:
            raise SystemExit(code)

    commands.instrument(cli, client)
    with pytest.raises(SystemExit):
        cli(args)
    runs = [(one["command"], one["exit_reason"], one["exit_code"]) for _, one in recorded(client)]
    assert runs == ([] if run is None else [run])


PROGRAM = """
    import sys
    import click, overt
    from overt import commands
    client = overt.Client(**options, background=False, in_ci=True)

    @click.group()
    def cli():
        pass

    @cli.command()
    @click.option("--end", default="")
    def work(end):
        import os, signal
        if end == "kill":
            os.kill(os.getpid(), signal.SIGINT)
        elif end == "os_exit":
            os._exit(7)
        elif end == "fork":
            if os.fork():
                os.wait()
            else:
                sys.exit(9)
        elif end:
            raise eval(end)

    if instrumented:
        commands.instrument(cli, client)
    cli(arguments, standalone_mode=standalone)
"""


@pytest.mark.parametrize(
    ("arguments", "standalone", "run"),
    [
        (["work"], True, ("success", 0)),
        (["work", "--end", "kill"], True, ("KeyboardInterrupt", 1)),
        (["work", "--end", "fork"], True, ("success", 0)),
        (["work", "--end", "ValueError()"], True, ("ValueError", 1)),
        (["work", "--end", "SystemExit('text')"], True, ("SystemExit", 1)),
        (["work", "--end", "SystemExit(300)"], True, ("SystemExit", 44)),
        (["work", "--end", "BrokenPipeError(32, '')"], True, ("BrokenPipeError", 1)),
        (["work", "--end", "KeyboardInterrupt()"], False, ("KeyboardInterrupt", 1)),
        (["typo"], True, (None, 2)),
        (["work", "--end", "os_exit"], True, None),
        (["--help"], True, None),
    ],
    ids=str,
)
def test_the_process_ends_as_it_would_without(
    run_python: RunPython,
    client: overt.Client,
    arguments: list[str],
    standalone: bool,
    run: tuple[str | None, int] | None,
) -> None:
    def process(instrumented: bool) -> tuple[int, str, list[str]]:
        head = f"arguments, standalone, instrumented = {arguments!r}, {standalone}, {instrumented}\n"
        answer = run_python("".join(f"    {line}" for line in head.splitlines(True)) + PROGRAM)
        # Tracebacks have our frames in them.
        return answer.returncode, answer.stdout, answer.stderr.splitlines()[-1:]

    assert process(instrumented=True) == process(instrumented=False)
    runs = [properties for _, properties in recorded(client)]
    if run is None:
        assert runs == []
    else:
        assert [one["exit_code"] for one in runs] == [run[1]]
        assert run[0] in (None, runs[0]["exit_reason"])


class Opened:
    """Makes a client, once it is asked to."""

    def __init__(self, client: overt.Client) -> None:
        self.times, self._client = 0, client

    def __call__(self) -> overt.Client:
        self.times += 1
        return self._client


@pytest.mark.parametrize(
    ("arguments", "times"),
    [
        (["--help"], 0),
        ([], 0),
        (["--version"], 0),
        (["alias", "--help"], 0),
        (["local"], 0),
        (["alias"], 1),
        ([*LOCAL], 1),
        (["chain", "one", "two"], 1),
        (["alias", "--end", "value"], 1),
        (["--typo"], 1),  # a refused line is recorded, too
    ],
    ids=str,
)
def test_a_client_is_made_when_a_command_runs(client: overt.Client, arguments: list[str], times: int) -> None:
    opened = Opened(client)
    cli = commands.instrument(build(client), opened, program="starfish")
    CliRunner().invoke(cli, arguments)
    assert (opened.times, len(recorded(client))) == (times, times)
    CliRunner().invoke(cli, ["alias"])
    assert opened.times == 1


def test_it_is_made_before_the_command(client: overt.Client) -> None:
    opened, seen = Opened(client), []

    def look() -> None:
        seen.append(opened.times)

    @click.group()
    def cli() -> None:
        look()

    cli.command("sync")(look)
    commands.instrument(cli, opened, program="starfish")
    CliRunner().invoke(cli, ["sync"])
    alone = commands.instrument(click.Command("alone", callback=look), opened, program="starfish")
    CliRunner().invoke(alone, [])
    assert seen == [0, 1, 2]


def test_a_client_that_cannot_be_made_is_nobodys_fault(client: overt.Client) -> None:
    times = []

    def fail() -> overt.Client:
        times.append(1)
        return overt.Client(app="")

    cli = commands.instrument(build(client), fail, program="starfish", allowlist={"A": {"a"}})
    for end, code in (("fine", 0), ("exit", 3)):
        assert CliRunner().invoke(cli, ["alias", "--end", end]).exit_code == code
    commands.track_event("A", "a")
    assert times == [1]
    with pytest.raises(TypeError, match="program: needed"):
        commands.instrument(cli, fail)
