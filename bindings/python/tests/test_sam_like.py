"""`examples/sam_like` in real processes: what AWS SAM CLI's telemetry contract says, and nothing else to be noticed."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import KEPT
from recording import Server, swallowing

PROGRAM = Path(__file__).parents[3] / "examples" / "sam_like" / "sam_like.py"
FIRST_WORDS = "sam-like records which of its commands are used"
ID = "36be4c46-4e1b-431d-b9db-1b315f537a85"

Metric = tuple[str, dict[str, Any]]


class Ended(subprocess.CompletedProcess[str]):
    """A run that has ended."""

    @property
    def was_told(self) -> bool:
        return FIRST_WORDS in self.stderr


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".sam-like" / "metadata.json"


@pytest.fixture
def known(metadata: Path) -> Path:
    """An installation that is not new."""
    metadata.parent.mkdir(parents=True)
    metadata.write_text(json.dumps({"installationId": ID, "telemetryEnabled": True}))
    return metadata


Sam = Callable[..., Ended]


@pytest.fixture
def sam(server: Server, tmp_path: Path) -> Sam:
    """Runs the program, outside any repository. `exit_timeout=60` delivers before the end."""
    project = tmp_path / "my-app"
    project.mkdir()

    def run(*arguments: str, exit_timeout: int = 60, url: str | None = None, **environment: str) -> Ended:
        return ended(
            [sys.executable, str(PROGRAM), *arguments],
            tmp_path,
            project,
            SAM_LIKE_EXIT_TIMEOUT=str(exit_timeout),
            __SAM_CLI_TELEMETRY_ENDPOINT_URL=server.url + "/metrics" if url is None else url,
            **environment,
        )

    return run


def ended(command: list[str], tmp_path: Path, cwd: Path, **environment: str) -> Ended:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    ran = subprocess.run(
        command,
        env={**kept, "HOME": str(tmp_path / "home"), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return Ended(ran.args, ran.returncode, ran.stdout, ran.stderr)


def metrics(server: Server) -> list[Metric]:
    """Names and attributes. Requests leave side by side, so their order is nobody's."""
    return [metric for request in server.read_all() for one in request.body["metrics"] for metric in one.items()]


def named(server: Server, name: str) -> list[dict[str, Any]]:
    return [attributes for one, attributes in metrics(server) if one == name]


def waiting(tmp_path: Path) -> list[str]:
    """The names of the metrics that wait, in their order, as anybody can see them."""
    command = [sys.executable, "-m", "overt", "show", "--app", "sam", "--state-dir"]
    shown = ended([*command, str(tmp_path / "home" / ".sam-like" / "overt")], tmp_path, tmp_path)
    before, _, _ = shown.stdout.partition("\n# sent")
    return [name for line in before.splitlines() if line.startswith("{") for name in json.loads(line)]


def masked(server: Server, name: str) -> list[str]:
    """The bodies that hold a metric, with what differs from run to run replaced."""
    bodies = [
        json.dumps(one.body, separators=(",", ":")) for one in server.read_all() if name in one.body["metrics"][0]
    ]
    for pattern, mask in (
        (ID, "INSTALLATION"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
        (r'"thread_id":"[0-9a-f]{32}"', '"thread_id":"THREAD"'),
        (r'"time_stamp":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00"', '"time_stamp":"TIME"'),
        (r'"duration":\d+', '"duration":MS'),
        (r'"pyversion":"3\.\d+\.[0-9a-z+]+"', '"pyversion":"PYTHON"'),
        (r'"osPlatform":"(Linux|Darwin|Windows)"', '"osPlatform":"OS"'),
    ):
        bodies = [re.sub(pattern, mask, body) for body in bodies]
    return bodies


COMMON = (
    '"requestId":"UUID","installationId":"INSTALLATION","sessionId":"UUID","executionEnvironment":"CLI","ci":false,'
    '"pyversion":"PYTHON","samcliVersion":"1.150.0","osPlatform":"OS"'
)
# SHA-256 of `my-app`.
PROJECT = "4c9a75cca717efb68c856f26ba8250737f44e6980d33193c94fa0b8e9cd7618c"


def test_the_metrics_of_a_run_word_for_word(sam: Sam, server: Server, known: Path) -> None:
    ran = sam("local", "start-api", "--region", "eu-west-1", "--profile", "s3cret", "--debug")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "served\n", "")
    assert masked(server, "commandRun") == [
        '{"metrics":[{"commandRun":{' + COMMON + ',"awsProfileProvided":true,"debugFlagProvided":true,'
        '"region":"eu-west-1","commandName":"sam local start-api","duration":MS,"exitReason":"success","exitCode":0,'
        '"metricSpecificAttributes":{"projectType":null,"gitOrigin":null,"projectName":"' + PROJECT + '",'
        '"initialCommit":null,"containerEngine":"docker-default","adminContainerPreference":null}}}]}'
    ]
    assert sorted(masked(server, "events")) == [
        '{"metrics":[{"events":{' + COMMON + ',"commandName":"sam local start-api","metricSpecificAttributes":'
        '{"events":[{"event_name":"UsedFeature","event_value":"' + value + '","thread_id":"THREAD",'
        '"time_stamp":"TIME","exception_name":null}]}}}]}'
        for value in ("Accelerate", "Cleanup")
    ]
    assert len({attributes["sessionId"] for _, attributes in metrics(server)}) == 1
    assert len({attributes["requestId"] for _, attributes in metrics(server)}) == len(server.requests) == 3
    assert {request.path for request in server.requests} == {"/metrics"}
    assert "s3cret" not in json.dumps([request.body for request in server.requests])
    assert json.loads(known.read_text()) == {"installationId": ID, "telemetryEnabled": True}


def test_the_installation_is_told_and_counted_once(sam: Sam, server: Server, metadata: Path) -> None:
    metadata.parent.mkdir(parents=True)
    metadata.write_text('{\n  "installationId": "' + ID + '",\n  "other": 1.50\n}\n')
    first = sam("init")
    assert (first.returncode, first.stdout, first.was_told) == (0, "begun\n", True)
    assert masked(server, "installed") == [
        '{"metrics":[{"installed":{' + COMMON + ',"telemetryEnabled":true}}]}',
    ]
    assert metadata.read_text() == (
        '{\n  "installationId": "' + ID + '",\n  "other": 1.50,\n  "telemetryEnabled": true\n}\n'
    )
    second = sam("init")
    assert (second.returncode, second.stdout, second.stderr) == (0, "begun\n", "")
    assert sorted(name for name, _ in metrics(server)) == ["commandRun"] * 2 + ["events"] * 2 + ["installed"]


def test_a_new_home_gets_a_directory_and_an_id_of_its_own(sam: Sam, server: Server, metadata: Path) -> None:
    assert sam("init").was_told
    made = json.loads(metadata.read_text())
    assert made == {"telemetryEnabled": True, "installationId": named(server, "installed")[0]["installationId"]}
    assert metadata.read_text().startswith('{\n    "telemetryEnabled": true,\n    "')
    assert (metadata.stat().st_mode & 0o777, metadata.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], [], ["local"]], ids=str)
def test_help_is_no_run(sam: Sam, server: Server, known: Path, arguments: list[str]) -> None:
    assert sam(*arguments).returncode in (0, 2)
    assert metrics(server) == []
    assert json.loads(known.read_text())["telemetryEnabled"] is True


@pytest.mark.parametrize(
    ("variable", "choice", "is_on"),
    [("1", False, True), ("0", True, False), ("true", True, False), ("", True, False), (None, False, False)],
)
def test_the_variable_stands_over_the_file(
    sam: Sam, server: Server, known: Path, tmp_path: Path, variable: str | None, choice: bool, is_on: bool
) -> None:
    known.write_text(json.dumps({"telemetryEnabled": choice}))
    ran = sam("init", **({} if variable is None else {"SAM_CLI_TELEMETRY": variable}))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "begun\n", "")
    assert [name for name, _ in metrics(server) if name != "events"] == (["commandRun"] if is_on else [])
    assert json.loads(known.read_text())["telemetryEnabled"] is choice
    if not is_on:
        assert [path.name for path in (tmp_path / "home").rglob("*")] == [".sam-like", "metadata.json"]
        assert json.loads(known.read_text()) == {"telemetryEnabled": choice}


@pytest.mark.parametrize(
    ("arguments", "code", "reason", "metric"),
    [
        (["build"], 0, "success", 0),
        (["build", "--fail", "user"], 1, "BuildError", 1),
        (["build", "--fail", "wrapped"], 1, "AccessDeniedException", 1),
        (["build", "--fail", "crash"], 1, "RuntimeError", 255),
        (["build", "--fail", "interrupt"], 1, "KeyboardInterrupt", 255),
        (["build", "--typo"], 2, "NoSuchOption", 1),
        (["build", "--fail", "typo"], 2, "BadParameter", 1),
        (["typo"], 2, "NoSuchCommand", 1),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else None,
)
def test_how_a_run_ends(
    sam: Sam, server: Server, known: Path, arguments: list[str], code: int, reason: str, metric: int
) -> None:
    off = sam(*arguments, SAM_CLI_TELEMETRY="0")
    assert metrics(server) == []
    on = sam(*arguments)
    assert (on.returncode, on.stdout) == (off.returncode, off.stdout)
    assert on.stderr.splitlines()[-1:] == off.stderr.splitlines()[-1:]  # a traceback has our frames in it
    assert off.returncode == code
    (run,) = named(server, "commandRun")
    assert (run["exitReason"], run["exitCode"]) == (reason, metric)
    assert "secret" not in json.dumps(run)
    assert known.exists()


def test_a_second_thread_a_long_event_and_a_hook_at_the_exit(sam: Sam, server: Server, known: Path) -> None:
    sam("build")
    sam("sync")
    assert known.exists()
    tracked = [
        [(one["event_name"], one["event_value"]) for one in each["metricSpecificAttributes"]["events"]]
        for each in named(server, "events")
    ]
    assert sorted(tracked) == [
        [("BuildFunctionRuntime", "python3.12"), ("BuildWorkflowUsed", "pip")],
        [("SyncFlowStart", "code"), ("SyncFlowEnd", "code")],
        [("UsedFeature", "Cleanup")],
        [("UsedFeature", "Cleanup")],
    ]
    (build,) = [each for each in named(server, "events") if "Build" in json.dumps(each)]
    threads = {one["thread_id"] for one in build["metricSpecificAttributes"]["events"]}
    assert len(threads) == 2
    sessions = {each["commandName"]: each["sessionId"] for each in named(server, "commandRun")}
    assert {each["commandName"]: each["sessionId"] for each in named(server, "events")} == sessions


def test_an_experiment_and_what_a_command_adds(sam: Sam, server: Server, known: Path) -> None:
    sam("build", "--beta-features", DOCKER_HOST="unix:///Users/me/.colima/docker.sock")
    (run,) = named(server, "commandRunExperimental")
    specific = run["metricSpecificAttributes"]
    assert (specific["projectType"], specific["containerEngine"]) == ("CFN", "colima")
    assert named(server, "commandRun") == []
    assert known.exists()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def nothing_there(_: int) -> Iterator[None]:
    """Connections are refused."""
    yield


@contextmanager
def hanging(port: int) -> Iterator[None]:
    """Connections are made, and nothing is read."""
    with socket.create_server(("127.0.0.1", port), backlog=64):
        yield


@pytest.mark.parametrize("network", [nothing_there, swallowing])
def test_offline_nothing_is_noticed_and_the_next_run_delivers(
    sam: Sam, known: Path, tmp_path: Path, network: Callable[[int], Any]
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    off = sam("build", SAM_CLI_TELEMETRY="0")
    with network(port):
        ran = sam("build", url=url, exit_timeout=0)
    assert (ran.returncode, ran.stdout, ran.stderr) == (off.returncode, off.stdout, off.stderr)
    assert waiting(tmp_path) == ["events", "commandRun", "events"]
    back = Server(port)
    try:
        assert sam("sync", url=url).returncode == 0
        assert sorted(each["commandName"] for each in named(back, "commandRun")) == ["sam build", "sam sync"]
        assert len(named(back, "events")) == 4
    finally:
        back.close()
    assert waiting(tmp_path) == []
    assert json.loads(known.read_text())["installationId"] == ID


def test_what_is_written_is_delivered_whether_or_not_there_is_an_answer(sam: Sam, known: Path, tmp_path: Path) -> None:
    port = free_port()
    with hanging(port):
        ran = sam("build", url=f"http://127.0.0.1:{port}/metrics")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "built\n", "")
    assert waiting(tmp_path) == []
    assert known.exists()


def test_the_example_is_short() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) < 250
