"""Events within a run: only what is declared gets out, whoever tracks it, and what is refused is no exception."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest

import overt
from conftest import MakeClient, RunPython, recorded
from overt import commands
from overt.commands._events import MAX_BUFFERED, thread_id, time_stamp
from recording import Server

ALLOWED = commands.Allowlist({"UsedFeature": {"Accelerate", "CDK"}, "Sync": ["Start", "End"]})
SECRET = "s3cret"


def test_events_leave_just_before_their_command(client: overt.Client) -> None:
    with commands.track_command(client, name="sync", allowlist=ALLOWED) as run:
        run.track_event("UsedFeature", "CDK")
        commands.track_event("UsedFeature", "Accelerate", exception=KeyError(SECRET))
        assert recorded(client) == []
    (events, said), (command, _) = recorded(client)
    assert (events, command) == ("command_events", "command_run")
    assert (said["command"], said["session_id"]) == ("starfish sync", run.session_id)
    first, second = said["events"]
    stamps = [
        re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00", one.pop("time_stamp")) for one in said["events"]
    ]
    assert all(stamps)
    assert re.fullmatch(r"[0-9a-f]{32}", first["thread_id"])
    usual = {"event_name": "UsedFeature", "thread_id": first["thread_id"]}
    assert first == {**usual, "event_value": "CDK", "exception_name": None}
    assert second == {**usual, "event_value": "Accelerate", "exception_name": "KeyError"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("UsedFeature", SECRET), (SECRET, "CDK"), ("Sync", "CDK"), ("UsedFeature", None), (None, "CDK"), ([], {}), (7, 7)],
    ids=repr,
)
def test_what_is_not_declared_is_dropped_and_counted(client: overt.Client, name: Any, value: Any) -> None:
    with commands.track_command(client, allowlist=ALLOWED) as run:
        run.track_event(name, value)
        run.track_event(name, value, exception=7)  # type: ignore[arg-type]
    assert run.dropped == 2
    assert [(name, said["events_dropped"]) for name, said in recorded(client)] == [("command_run", 2)]
    assert SECRET not in "".join(client.pending())


def test_without_an_allowlist_nothing_is_declared(client: overt.Client) -> None:
    with commands.track_command(client) as run:
        run.track_event("UsedFeature", "CDK")
    assert run.dropped == 1
    assert [name for name, _ in recorded(client)] == ["command_run"]


def test_a_long_event_has_a_start_and_an_end(client: overt.Client) -> None:
    with commands.track_command(client, allowlist=ALLOWED) as run:
        with commands.track_long_event("Sync", "Start", "Sync", "End"):
            pass
        with pytest.raises(ValueError, match=SECRET), run.track_long_event("Sync", "Start", "Sync", "End"):
            raise ValueError(SECRET)
    events = recorded(client)[0][1]["events"]
    assert [(one["event_value"], one["exception_name"]) for one in events] == [
        ("Start", None),
        ("End", None),
        ("Start", None),
        ("End", "ValueError"),
    ]
    assert SECRET not in "".join(client.pending())


def test_at_fifty_they_leave_and_buffering_goes_on(client: overt.Client) -> None:
    with commands.track_command(client, allowlist=ALLOWED) as run:
        for number in range(2 * MAX_BUFFERED + 1):
            assert len(recorded(client)) == number // MAX_BUFFERED
            run.track_event("UsedFeature", "CDK")
    sizes = [len(said["events"]) for name, said in recorded(client) if name == "command_events"]
    assert (MAX_BUFFERED, sizes, run.dropped) == (50, [50, 50, 1], 0)


def test_threads_track_into_one_run_and_can_be_told_apart(client: overt.Client) -> None:
    start = threading.Barrier(8)

    def work() -> None:
        start.wait(60)
        for _ in range(25):
            commands.track_event("UsedFeature", "CDK")

    with commands.track_command(client, allowlist=ALLOWED):
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    events = [event for name, said in recorded(client) if name == "command_events" for event in said["events"]]
    assert len(events) == 200
    assert {
        len([one for one in events if one["thread_id"] == each]) for each in {one["thread_id"] for one in events}
    } == {25}
    assert thread_id() == thread_id()


def test_what_comes_after_the_end_leaves_at_once_as_that_runs(client: overt.Client) -> None:
    with commands.track_command(client, name="sync", allowlist=ALLOWED) as run:
        run.track_event("UsedFeature", "CDK")
    run.track_event("Sync", "Start")
    commands.track_event("UsedFeature", "Accelerate")
    with commands.track_long_event("Sync", "Start", "Sync", "End"):
        pass
    commands.track_event("UsedFeature", SECRET)
    assert run.dropped == 1
    said = recorded(client)
    assert [name for name, _ in said] == ["command_events", "command_run", *["command_events"] * 4]
    assert [[one["event_value"] for one in late["events"]] for _, late in said[2:]] == [
        ["Start"],
        ["Accelerate"],
        ["Start"],
        ["End"],
    ]
    assert {(late["command"], late["session_id"]) for _, late in said} == {("starfish sync", run.session_id)}


def test_after_several_runs_the_last_one_has_what_comes_late(client: overt.Client) -> None:
    with commands.track_command(client, allowlist=ALLOWED) as first:
        pass
    with commands.track_command(client, allowlist=ALLOWED) as second:
        pass
    commands.track_event("UsedFeature", "CDK")
    first.track_event("UsedFeature", "CDK")
    assert [said["session_id"] for _, said in recorded(client)[2:]] == [second.session_id, first.session_id]


def test_a_run_that_is_not_recorded_has_no_late_events_either(client: overt.Client) -> None:
    with commands.track_command(client, allowlist=ALLOWED) as run:
        run.recordable = False
        run.track_event("UsedFeature", "CDK")
    for _ in range(2 * MAX_BUFFERED):
        run.track_event("UsedFeature", "CDK")
    assert recorded(client) == []


def test_nothing_falls_between_the_last_batch_and_what_is_late(client: overt.Client) -> None:
    class Slow(commands.Shape):
        """While the last batch leaves, another thread tracks an event."""

        def events(self, run: commands.Run, events: Any) -> Any:
            if len(events) == 2:
                thread = threading.Thread(target=run.track_event, args=("Sync", "End"))
                thread.start()
                thread.join()
            return super().events(run, events)

    with commands.track_command(client, allowlist=ALLOWED, shape=Slow()) as run:
        run.track_event("UsedFeature", "CDK")
        run.track_event("Sync", "Start")
    said = recorded(client)
    assert [name for name, _ in said] == ["command_events", "command_events", "command_run"]
    assert sorted(len(late["events"]) for _, late in said[:2]) == [1, 2]


def test_a_hook_at_the_exit_and_a_thread_that_lives_on_belong_to_the_run(run_python: RunPython, server: Server) -> None:
    answer = run_python("""
        import atexit, threading
        import overt
        from overt import commands

        client = overt.Client(**options, exit_timeout=60)
        atexit.register(commands.track_event, "UsedFeature", "Accelerate")
        ended = threading.Event()

        def live_on():
            ended.wait()
            commands.track_event("UsedFeature", "CDK")

        thread = threading.Thread(target=live_on)
        with commands.track_command(client, name="sync", allowlist={"UsedFeature": {"CDK", "Accelerate"}}):
            thread.start()
        ended.set()
    """)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert server.names == ["command_run", "command_events", "command_events"]
    assert len({event["properties"]["session_id"] for event in server.events}) == 1
    values = [event["properties"]["events"][0]["event_value"] for event in server.events[1:]]
    assert values == ["CDK", "Accelerate"]


def test_events_that_are_not_recorded_are_counted(make_client: MakeClient) -> None:
    client = make_client(before_send=lambda event: event if event["event"] == "command_run" else None)
    with commands.track_command(client, allowlist=ALLOWED) as run:
        run.track_event("UsedFeature", "CDK")
    assert run.dropped == 1
    assert [(name, said["events_dropped"]) for name, said in recorded(client)] == [("command_run", 1)]


def test_an_allowlist_is_what_it_was_when_it_was_made(client: overt.Client) -> None:
    values = {"CDK"}
    allowlist = commands.Allowlist({"UsedFeature": values})
    values.add(SECRET)
    assert not allowlist.allows("UsedFeature", SECRET)
    with commands.track_command(client, allowlist={"UsedFeature": ["CDK"]}) as run:
        run.track_event("UsedFeature", "CDK")
    assert run.dropped == 0
    with pytest.raises(TypeError, match="a set was meant"):
        commands.Allowlist({"UsedFeature": "CDK"})


def test_a_time_stamp_is_utc_to_the_microsecond() -> None:
    assert time_stamp(1_795_198_236_493_318_999) == "2026-11-20 18:10:36.493318+00"
    assert time_stamp(0) == "1970-01-01 00:00:00.000000+00"
