"""A run, whatever the parser: its event, the tool's own part in it, and what happens if that part fails."""

from __future__ import annotations

import asyncio
import re
import threading
import types
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import overt
from conftest import MakeClient, RunPython, recorded
from overt import commands
from overt.commands._run import Run, Settings


class Clock:
    def __init__(self) -> None:
        self.ns = 5

    def __call__(self) -> int:
        return self.ns


def test_the_duration_is_whole_milliseconds_of_the_given_clock(client: overt.Client) -> None:
    clock = Clock()
    run = Run(Settings(client), clock)
    clock.ns += 1_999_999
    run.end(None)
    assert recorded(client) == [
        (
            "command_run",
            {
                "command": "starfish",
                "duration_ms": 1,
                "exit_reason": "success",
                "exit_code": 0,
                "session_id": run.session_id,
            },
        )
    ]


def test_each_run_has_a_random_uuid(client: overt.Client) -> None:
    ids = [uuid.UUID(Run(Settings(client)).session_id) for _ in range(200)]
    assert len(set(ids)) == 200
    assert {(one.version, one.variant) for one in ids} == {(4, uuid.RFC_4122)}
    assert all(re.fullmatch(r"[0-9a-f-]{36}", str(one)) for one in ids)


def test_a_function_is_named_by_itself_or_by_the_tool(client: overt.Client) -> None:
    @commands.track_command(client)
    def sync_all() -> str:
        return "result"

    @commands.track_command(client, name="sync one", program="tool")
    def other() -> None:
        pass

    assert sync_all() == "result"
    other()
    with commands.track_command(client, name="block"):
        pass
    with commands.track_command(client):
        pass
    found = [run["command"] for _, run in recorded(client)]
    assert found == ["starfish sync-all", "tool sync one", "starfish block", "starfish"]
    assert (sync_all.__name__, sync_all.__wrapped__()) == ("sync_all", "result")  # type: ignore[attr-defined]


def test_the_tool_adds_what_it_likes_but_not_in_place_of_ours(client: overt.Client) -> None:
    def at_the_end(run: commands.Run) -> Mapping[str, object]:
        return {"late": run.exit_reason, "region": "given", "command": "not this"}

    with commands.track_command(client, attributes=at_the_end) as run:
        run.add({"region": "added", "not an identifier": 1}, debug=True)
        run.add(exit_code=99)
        run.add(7)  # type: ignore[arg-type]
    ((_, said),) = recorded(client)
    assert (said["late"], said["region"], said["debug"], said["not an identifier"]) == ("success", "added", True, 1)
    assert (said["command"], said["exit_code"]) == ("starfish", 0)


def test_another_shape_is_one_method(client: overt.Client) -> None:
    class Sam(commands.Shape):
        def command(self, run: commands.Run) -> tuple[str, Mapping[str, object]]:
            return "commandRun", {"commandName": run.command, "exitCode": run.exit_code, "sessionId": run.session_id}

    with commands.track_command(client, shape=Sam(), program="sam", name="local start-api") as run:
        pass
    assert recorded(client) == [
        ("commandRun", {"commandName": "sam local start-api", "exitCode": 0, "sessionId": run.session_id})
    ]


class Broken(commands.Shape):
    def command(self, run: commands.Run) -> tuple[str, Mapping[str, object]]:
        raise RuntimeError(run.command)


@pytest.mark.parametrize("raises", [None, ValueError("the tool's")])
def test_what_fails_of_the_tools_part_harms_nobody(client: overt.Client, raises: ValueError | None) -> None:
    def fails(run: commands.Run) -> Mapping[str, object]:
        raise RuntimeError(run.command)

    wrong: Any = 7
    for options in ({"attributes": fails}, {"attributes": wrong}, {"shape": Broken()}, {"exit_code": wrong}):
        caught: Exception | None = None
        try:
            with commands.track_command(client, **options):
                if raises:
                    raise raises
        except ValueError as error:
            caught = error
        assert caught is raises
    assert raises is None or raises.__context__ is None
    assert [run["exit_code"] for _, run in recorded(client)] == [1 if raises else 0] * 3


def test_a_class_without_a_name_of_its_own_is_an_exception(client: overt.Client) -> None:
    odd = type("/home/somebody: it failed", (Exception,), {"wrapped_from": "/home/somebody"})
    with pytest.raises(odd), commands.track_command(client):
        raise odd
    assert [run["exit_reason"] for _, run in recorded(client)] == ["Exception"]


def test_a_rule_that_interrupts_is_not_swallowed(client: overt.Client) -> None:
    def interrupted(_: BaseException | None) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), commands.track_command(client, exit_code=interrupted):
        pass


def test_the_tool_can_say_how_it_will_exit(client: overt.Client) -> None:
    with commands.track_command(client) as run:
        run.exit_code = 3

    @commands.track_command(client)
    def otherwise() -> None:
        run = commands.current_run()
        assert run is not None
        run.exit_code = 3
        raise SystemExit(4)

    with pytest.raises(SystemExit):
        otherwise()
    ends = [(run["exit_reason"], run["exit_code"]) for _, run in recorded(client)]
    assert ends == [("SystemExit", 3), ("SystemExit", 4)]


def test_while_off_the_tool_is_not_even_asked(make_client: MakeClient, state_dir: Path) -> None:
    asked: list[object] = []

    class Asked(commands.Shape):
        def command(self, run: commands.Run) -> tuple[str, Mapping[str, object]]:
            asked.append(run)
            return super().command(run)

    def attributes(run: commands.Run) -> Mapping[str, object]:
        asked.append(run)
        return {}

    def exit_code(_: BaseException | None) -> int:
        asked.append(None)
        return 0

    off = make_client(consent=False)
    with commands.track_command(
        off, attributes=attributes, exit_code=exit_code, shape=Asked(), allowlist={"Used": {"CDK"}}
    ) as run:
        run.track_event("Used", "CDK")
        run.track_event("Used", "not declared")
    assert (run.dropped, asked) == (0, [])
    assert not state_dir.exists()


def test_misuse_is_an_error_where_it_is_made(client: overt.Client) -> None:
    with pytest.raises(TypeError, match="no command of click"):
        commands.instrument(print, client)
    with pytest.raises(TypeError, match="unexpected keyword"):
        commands.track_command(client, typo=1)  # type: ignore[call-arg]


def test_a_thread_of_the_command_finds_its_run_if_there_is_one(client: overt.Client) -> None:
    found: list[commands.Run | None] = []

    def look() -> None:
        thread = threading.Thread(target=lambda: found.append(commands.current_run()))
        thread.start()
        thread.join()

    look()
    with commands.track_command(client) as run:
        look()
        other = Run(Settings(client))
        commands._run._under_way[id(other)] = other
        look()
        del commands._run._under_way[id(other)]
    assert found == [None, run, None]
    assert commands.current_run() is None


def test_a_coroutine_that_is_closed_somewhere_else_harms_nobody(client: overt.Client) -> None:
    @types.coroutine
    def for_ever() -> Iterator[None]:
        while True:
            yield

    @commands.track_command(client)
    async def waits() -> None:
        await for_ever()

    async def main() -> None:
        task = asyncio.ensure_future(waits())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    coroutine = waits()
    coroutine.send(None)
    thread = threading.Thread(target=coroutine.close)
    thread.start()
    thread.join()
    assert commands.current_run() is None
    with commands.track_command(client):
        pass
    ends = [run["exit_reason"] for _, run in recorded(client)]
    assert ends == ["CancelledError", "GeneratorExit", "success"]


@pytest.mark.parametrize("way", ["instrument", "track_command"])
def test_without_the_native_module_commands_just_run(run_python: RunPython, way: str) -> None:
    code = """
        import sys
        sys.modules["overt._overt"] = None
        import click, overt
        from overt import commands
        from overt.project import project_attributes
        client = overt.Client(**options)

        @click.command()
        def cli():
            commands.track_event("Used", "CDK")
            with commands.track_long_event("a", "b", "c", "d"):
                print("ran", client.enabled, client.salted_hash("text"), set(project_attributes(client).values()))
            raise SystemExit(5)

        if WAY == "instrument":
            commands.instrument(cli, client)
        else:
            cli.callback = commands.track_command(client, allowlist={"Used": {"CDK"}})(cli.callback)
        said = overt.environment()
        assert (said["os"], said["ci"], said["python_implementation"]) == ("unknown", None, "CPython"), said
        cli([])
    """
    answer = run_python(code.replace("WAY", repr(way)))
    assert (answer.returncode, answer.stdout, answer.stderr) == (5, "ran False None {None}\n", "")


def test_importing_imports_no_parser(run_python: RunPython) -> None:
    answer = run_python("""
        import sys
        before = set(sys.modules)
        import overt.commands
        print(sorted(name for name in set(sys.modules) - before if not name.startswith("overt")))
    """)
    found = set(eval(answer.stdout))
    assert found <= {"__future__", "_contextvars", "contextvars", "atexit"}, found
