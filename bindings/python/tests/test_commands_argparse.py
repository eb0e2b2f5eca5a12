"""argparse: the parser's own names, its refusals and its answers."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

import overt
from conftest import RunPython, recorded
from overt import commands

SECRET = "s3cret"


def build(**options: Any) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="whatever", **options)
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("--version", action="version", version="1.0")
    below = parser.add_subparsers(dest="verb", required=True)
    local = below.add_parser("local", aliases=["l"]).add_subparsers(dest="noun")
    start = local.add_parser("start-api", aliases=["start"])
    start.add_argument("--port", type=int)
    start.add_argument("where", nargs="?")
    below.add_parser("other")
    return parser


@pytest.mark.parametrize(
    ("line", "run"),
    [
        (f"local start-api --port 3 {SECRET}", ("starfish local start-api", "success", 0)),
        ("--debug l start", ("starfish local start-api", "success", 0)),
        ("local", ("starfish local", "success", 0)),
        ("other", ("starfish other", "success", 0)),
        (f"local start-api --port {SECRET}", ("starfish local start-api", "ArgumentError", 2)),
        (f"local {SECRET}", ("starfish local", "ArgumentError", 2)),
        (SECRET, ("starfish", "ArgumentError", 2)),
        (f"other --{SECRET}", ("starfish other", "ArgumentError", 2)),
        ("", ("starfish", "ArgumentError", 2)),
        ("--help", None),
        ("--version", None),
        ("local start-api --help", None),
    ],
)
def test_a_run_is_recorded_as_it_was(client: overt.Client, line: str, run: tuple[Any, ...] | None) -> None:
    parser = build()
    try:
        with commands.track_command(client, parser) as current:
            assert commands.current_run() is current
            parser.parse_known_args(["--debug", "other"])  # a first look, as many tools take
            parser.parse_args(line.split())
    except SystemExit as end:
        assert end.code == (0 if run is None else 2)  # noqa: PT017
    runs = [(one["command"], one["exit_reason"], one["exit_code"]) for _, one in recorded(client)]
    assert runs == ([] if run is None else [run])
    assert not any(SECRET in event for event in client.pending())
    # Afterwards it is a parser like any other.
    assert parser.parse_args(["other"]).verb == "other"
    assert len(recorded(client)) == len(runs)


def test_a_line_that_is_parsed_already_shows_the_way(client: overt.Client) -> None:
    parser = build()
    args = parser.parse_args(["l", "start", SECRET])
    with commands.track_command(client, parser, args):
        pass
    assert [run["command"] for _, run in recorded(client)] == ["starfish local start-api"]


def test_a_parser_that_raises_instead_of_exiting_is_seen(client: overt.Client) -> None:
    parser = build(exit_on_error=False)
    with pytest.raises(argparse.ArgumentError), commands.track_command(client, parser):
        parser.parse_args([SECRET])
    assert [(run["exit_reason"], run["exit_code"]) for _, run in recorded(client)] == [("ArgumentError", 1)]


def test_an_exit_of_the_tools_own_is_no_refusal(client: overt.Client) -> None:
    parser = build()
    rule = commands.by_fault()
    for code in (2, 0):
        parser.parse_args(["other"])
        with pytest.raises(SystemExit), commands.track_command(client, parser, exit_code=rule if code else None):
            raise SystemExit(code)
    with pytest.raises(SystemExit), commands.track_command(client, parser, exit_code=rule):
        parser.parse_args([SECRET])
    ends = [(run["exit_reason"], run["exit_code"]) for _, run in recorded(client)]
    assert ends == [("SystemExit", 255), ("success", 0), ("ArgumentError", 1)]


def test_parsers_of_two_runs_do_not_mix(client: overt.Client) -> None:
    ours, others = build(), build()
    with commands.track_command(client, ours):
        ours.parse_args(["local", "start-api"])
        others.parse_args(["other"])
    with commands.track_command(client, others):
        others.parse_args(["other"])
        ours.parse_args(["local"])
    assert [run["command"] for _, run in recorded(client)] == ["starfish local start-api", "starfish other"]


@pytest.mark.parametrize(
    "end", ["", "sys.exit(5)", "sys.exit('text')", "raise ValueError()", "raise KeyboardInterrupt", "code = 6"]
)
def test_the_process_ends_as_it_would_without(run_python: RunPython, client: overt.Client, end: str) -> None:
    code = """
        import argparse, sys, overt
        from overt import commands
        parser = argparse.ArgumentParser()
        client = overt.Client(**options, background=False)

        @commands.track_command(client, parser) if {tracked} else lambda function: function
        def main():
            code = 0
            parser.parse_args([])
            {end}
            run = commands.current_run()
            if run:
                run.exit_code = code
            return code

        sys.exit(main())
    """
    code = code.replace("@commands.track_command(client, parser) if", "@(commands.track_command(client, parser) if")
    code = code.replace("lambda function: function", "(lambda function: function))")
    answers = [run_python(code.format(end=end, tracked=tracked)) for tracked in (False, True)]
    assert answers[0].returncode == answers[1].returncode
    assert answers[0].stderr.splitlines()[-1:] == answers[1].stderr.splitlines()[-1:]
    (run,) = [run for _, run in recorded(client)]
    # A process that SIGINT ends has no exit code; a shell says 130.
    assert run["exit_code"] == (130 if answers[0].returncode == -2 else answers[0].returncode)
    assert (run["exit_reason"] == "success") == (answers[0].returncode == 0)
