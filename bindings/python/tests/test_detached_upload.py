"""The uploader as real processes: what a short program leaves is delivered after it, and nobody notices."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import KEPT, MakeClient, RunPython
from recording import Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

# Sooner than a request that nobody answers would end by itself.
SOON = 5.0
PATIENCE = 30.0

TOOL = """
    import overt, sys
    client = overt.Client(**options, detached_upload=True)
    assert client.capture_event("left")
    print("the tool's own output")
    sys.exit(3)
"""


def processes(wanted: Callable[[Path], bool]) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted(process):
                found.append(process)
        except OSError:  # gone meanwhile
            continue
    return found


def uploaders(state_dir: Path) -> list[Path]:
    name = os.fsencode(state_dir)
    return processes(lambda process: name in (process / "cmdline").read_bytes().split(b"\0"))


def children() -> list[Path]:
    return processes(lambda process: f"\nPPid:\t{os.getpid()}\n" in (process / "status").read_text())


def wait_until_none(look: Callable[[], list[Path]]) -> None:
    end = time.monotonic() + PATIENCE
    while found := look():
        assert time.monotonic() < end, (found, (found[0] / "status").read_text())
        time.sleep(0.01)


def program(code: str, server: Server, state_dir: Path) -> list[str]:
    """What a test runs by itself, where `run_python` runs too much around it."""
    options = {"app": "starfish", "api_key": "phc_test", "endpoint": server.url, "state_dir": str(state_dir)}
    return [sys.executable, "-c", f"options = {options!r}\n{code}"]


def environment(tmp_path: Path) -> dict[str, str]:
    return {**{name: os.environ[name] for name in KEPT if name in os.environ}, "HOME": str(tmp_path / "home")}


def test_what_a_short_run_leaves_arrives_without_another_run(
    run_python: RunPython, server: Server, state_dir: Path, make_client: MakeClient
) -> None:
    answer = run_python(TOOL)
    assert (answer.returncode, answer.stdout, answer.stderr) == (3, "the tool's own output\n", "")
    assert [event["event"] for event in server.wait_for(1)] == ["left"]
    wait_until_none(lambda: uploaders(state_dir))
    assert make_client().pending() == []


@pytest.mark.parametrize(
    "keep",
    [
        "overt.kept = client",
        "client.itself = client",
        "ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))",
        "client.close()",
    ],
    ids=["in a module", "in a cycle", "never destroyed", "closed before"],
)
def test_whatever_the_host_does_with_its_client(run_python: RunPython, server: Server, keep: str) -> None:
    code = f"""
        import ctypes, gc, overt
        gc.disable()
        class Client(overt.Client):
            pass
        def work():
            client = Client(**options, detached_upload=True)
            client.capture_event("left")
            {keep}
        work()
    """
    answer = run_python(code)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert [event["event"] for event in server.wait_for(1)] == ["left"]


def test_events_of_late_hooks_go_with_it(run_python: RunPython, server: Server) -> None:
    code = """
        import atexit
        atexit.register(lambda: client.capture_event("late"))
        import overt
        overt.kept = client = overt.Client(**options, detached_upload=True)
    """
    assert run_python(code).stderr == ""
    assert [event["event"] for event in server.wait_for(1)] == ["late"]


def test_of_many_runs_against_a_black_hole_one_uploader_lives(
    run_python: RunPython, server: Server, state_dir: Path, make_client: MakeClient
) -> None:
    server.gate.clear()
    seen = set()
    for _ in range(100):
        assert run_python(TOOL).returncode == 3
        alive = uploaders(state_dir)
        assert len(alive) <= 1, alive
        seen.update(alive)
    assert len(seen) == 1
    process = seen.pop()
    for file in ("cmdline", "environ"):
        text = (process / file).read_bytes()
        assert b"phc_test" not in text
        assert b"left" not in text
    assert (process / "cwd").readlink() == Path("/")
    for descriptor in (process / "fd").iterdir():
        assert not str(descriptor.readlink()).startswith("pipe:")
    stat = (process / "stat").read_text().rpartition(")")[2].split()
    assert (stat[3], stat[4], stat[16]) == (process.name, "0", "19"), "session, terminal, priority"
    spools = list((state_dir / "spool").iterdir())
    assert len(spools) == 1
    assert len([file for file in spools[0].iterdir() if file.suffix == ".jsonl"]) == 100
    assert len(make_client().pending()) == 100
    server.gate.set()
    wait_until_none(lambda: uploaders(state_dir))
    assert make_client().pending() == []


@pytest.mark.parametrize("off", [{"TELEMETRY_ENABLED": "0"}, {"DO_NOT_TRACK": "1"}, {"CI": "1"}], ids=str)
def test_while_off_nothing_is_started(
    run_python: RunPython, server: Server, state_dir: Path, off: dict[str, str]
) -> None:
    assert run_python(TOOL.replace("assert client", "assert not client"), **off).returncode == 3
    assert uploaders(state_dir) == []
    assert server.requests == []
    assert not state_dir.exists()


def test_the_hosts_consent_goes_with_it(run_python: RunPython, server: Server) -> None:
    code = """
        import overt
        client = overt.Client(**options, detached_upload=True, default_consent=False, consent=lambda: True)
        assert client.capture_event("left")
    """
    answer = run_python(code)
    assert (answer.returncode, answer.stderr) == (0, "")
    server.wait_for(1)


@pytest.mark.parametrize(
    ("off", "is_started"),
    [
        ("os.environ['TELEMETRY_ENABLED'] = '0'", True),
        ("open(paths.consent, 'w').write('off 2026-11-20T18:10:36Z\\n')", False),  # who starts it looks there first
    ],
    ids=["a variable", "stored"],
)
def test_it_decides_about_consent_anew(
    run_python: RunPython, server: Server, state_dir: Path, off: str, is_started: bool
) -> None:
    code = f"""
        import os, overt
        client = overt.Client(**options, detached_upload=True)
        paths = client.paths
        assert client.capture_event("left")
        {off}
        client.close()
    """
    assert run_python(code).stderr == ""
    wait_until_none(lambda: uploaders(state_dir))
    assert server.requests == []
    assert (list(state_dir.glob("spool/*/uploader.lock")) != []) == is_started


def test_whoever_waits_for_the_end_of_an_inherited_pipe_does_not_hang(
    server: Server, state_dir: Path, tmp_path: Path
) -> None:
    server.gate.clear()
    read, write = os.pipe()
    tool = "import overt; overt.Client(**options, detached_upload=True).capture_event('left')"
    subprocess.run(
        program(tool, server, state_dir),
        env=environment(tmp_path),
        pass_fds=[write],
        timeout=PATIENCE,
        check=True,
    )
    os.close(write)
    start = time.monotonic()
    assert os.read(read, 1) == b""
    assert time.monotonic() - start < SOON
    os.close(read)
    assert len(server.wait_for(1)) == 1


@pytest.mark.parametrize("end", ["input()", "pass"], ids=["the terminal closes", "the tool ends"])
def test_it_outlives_the_terminal(server: Server, state_dir: Path, tmp_path: Path, end: str) -> None:
    tool = f"""if True:
        import overt
        client = overt.Client(**options, detached_upload=True)
        client.capture_event("left")
        client.close()
        print("started", flush=True)
        {end}
    """
    call, variables = program(tool, server, state_dir), environment(tmp_path)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(call[0], call, variables)
    assert os.read(terminal, 7) == b"started"
    os.close(terminal)
    os.waitpid(pid, 0)
    assert [event["event"] for event in server.wait_for(1)] == ["left"]


def test_a_host_that_lives_on_has_no_zombie(make_client: MakeClient, server: Server) -> None:
    server.gate.clear()
    client = make_client(detached_upload=True)
    client.capture_event("left")
    client.close()
    server.wait_for(1)
    assert len(children()) == 1
    server.gate.set()
    wait_until_none(children)


def test_it_takes_nothing_of_the_hosts(run_python: RunPython, server: Server, tmp_path: Path) -> None:
    for name in ("overt", "sitecustomize", "os"):
        (tmp_path / f"{name}.py").write_text("open(__file__ + '.ran', 'w')", encoding="utf-8")
    code = f"""
        import os, overt
        client = overt.Client(**options, detached_upload=True)
        client.capture_event("left")
        os.chdir({str(tmp_path)!r})
        os.environ["PYTHONPATH"] = os.environ["PYTHONHOME"] = os.environ["PYTHONSTARTUP"] = {str(tmp_path)!r}
    """
    assert run_python(code).returncode == 0
    server.wait_for(1)
    assert list(tmp_path.glob("*.ran")) == []


def test_a_relative_state_dir_is_the_same_for_it(run_python: RunPython, server: Server, tmp_path: Path) -> None:
    code = f"""
        import os, overt
        os.chdir({str(tmp_path)!r})
        client = overt.Client(**{{**options, "state_dir": "stäte"}}, detached_upload=True)
        client.capture_event("left")
        os.chdir("/")
    """
    assert run_python(code, LC_ALL="C").returncode == 0
    server.wait_for(1)
    assert (tmp_path / "stäte").is_dir()


@pytest.mark.parametrize(
    "host",
    [
        "sys.frozen = True",
        "sys._MEIPASS = '/tmp'",
        "sys.executable = None",
        "sys.executable = ''",
        "sys.executable = 'python3'",
        "sys.executable = '/usr/bin/env'",
        "sys.executable = '/nowhere/python3'",
        "import overt._overt; overt._overt.__file__ = '/app.zip/overt/_overt.abi3.so'",
    ],
)
def test_what_is_no_interpreter_is_never_started(
    run_python: RunPython, server: Server, state_dir: Path, host: str
) -> None:
    code = f"""
        import sys
        {host}
        import overt
        client = overt.Client(**options, detached_upload=True)
        assert client.capture_event("left")
    """
    answer = run_python(code)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert "overt: detached_upload has no effect: " in run_python(code, OVERT_DEBUG="1").stderr
    assert list(state_dir.glob("spool/*/uploader.lock")) == []
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("python", True),
        ("Python", True),
        ("python3", True),
        ("python3.12", True),
        ("python3.13t", True),
        ("python3-dbg", True),
        ("python3.exe", True),
        ("pythonw.exe", True),
        ("python-app", False),
        ("pythonic", False),
        ("mypython3", False),
        ("uwsgi", False),
    ],
)
def test_an_interpreter_is_known_by_its_name(run_python: RunPython, tmp_path: Path, name: str, is_one: bool) -> None:
    (tmp_path / name).touch()
    code = f"""
        import overt, sys
        sys.executable = {str(tmp_path / name)!r}
        overt.Client(**options, detached_upload=True)
    """
    assert ("no effect" in run_python(code, OVERT_DEBUG="1").stderr) != is_one


def test_without_the_option_nothing_is_started(run_python: RunPython, state_dir: Path) -> None:
    for without in ("", "detached_upload=None", "detached_upload=False"):
        assert run_python(TOOL.replace("detached_upload=True", without)).returncode == 3
    assert list(state_dir.glob("spool/*/uploader.lock")) == []


def test_arguments_of_others_are_not_an_uploaders() -> None:
    from overt._overt import upload

    others: list[list[Any]] = [[], ["status"], ["overt-upload", "starfish", "/tmp", "host-says-perhaps"]]
    assert [upload(args) for args in others] == [False] * len(others)
