"""fork: the child goes on with a client of its own, and what the parent recorded the parent delivers, once."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import overt
from conftest import MakeClient, RunPython
from recording import Server

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    # Python 3.12 warns of any fork beside a thread, of which the test's server is one.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
]


def child(client: overt.Client, number: int) -> None:
    assert client.capture_event("child", {"number": number})
    assert client.flush(30)


def test_parent_and_children_deliver_their_own(make_client: MakeClient, server: Server) -> None:
    client = make_client()
    assert client.capture_event("parent")
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=child, args=(client, number)) for number in range(4)]
    for process in children:
        process.start()
    for process in children:
        process.join()
    assert [process.exitcode for process in children] == [0, 0, 0, 0]
    assert client.flush(30)
    uuids = [event["uuid"] for event in server.events]
    assert len(uuids) == len(set(uuids)) == 5
    assert sorted(event["properties"].get("number", -1) for event in server.events) == [-1, 0, 1, 2, 3]


def test_a_fork_in_the_middle_of_everything(run_python: RunPython) -> None:
    code = """
        import os, threading, overt
        client = overt.Client(**options, flush_at=3)
        stop = threading.Event()
        def busy():
            while not stop.is_set():
                client.capture_event("parent", {"a": [1, 2]})
        threads = [threading.Thread(target=busy, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(10):
            pid = os.fork()
            if pid == 0:
                recorded = client.capture_event("child", {"number": number})
                os._exit(0 if (recorded or client.losses()) and client.flush(0.2) in (True, False) else 1)
            assert os.waitpid(pid, 0)[1] == 0
        stop.set()
        for thread in threads:
            thread.join()
    """
    answer = run_python(code, PYTHONWARNINGS="ignore")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def newer_python() -> str | None:
    """An interpreter that warns of forks beside threads: this one, or another of this machine."""
    names = [sys.executable, *(f"python3.{minor}" for minor in (14, 13, 12))]
    names += sorted(map(str, Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python")), reverse=True)
    is_newer = "import sys; sys.exit(sys.version_info < (3, 12))"
    found = filter(None, map(shutil.which, names))
    return next((python for python in found if subprocess.run([python, "-c", is_newer]).returncode == 0), None)


NEWER_PYTHON = newer_python()


@pytest.mark.skipif(NEWER_PYTHON is None, reason="there is no Python 3.12 or later")
@pytest.mark.parametrize("flush_at", [1, 100])
def test_no_fork_is_warned_of_on_our_account(server: Server, state_dir: Path, flush_at: int) -> None:
    assert NEWER_PYTHON is not None
    server.gate.clear()
    options = {"app": "x", "api_key": "phc_k", "endpoint": server.url, "state_dir": str(state_dir)}
    code = f"""
import os, time, warnings
import overt
warnings.simplefilter("always")
client = overt.Client(**{options!r}, flush_at={flush_at}, flush_interval=3600)
client.capture_event("before")
# The thread waits, for more events or for an answer.
threads = lambda: len(os.listdir("/proc/self/task"))
while threads() < 2 or (client.stats.requests == 0 and {flush_at} == 1):
    time.sleep(0.001)
for number in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
# It goes on by itself.
while threads() < 2:
    time.sleep(0.001)
print("forked", flush=True)
client.capture_event("after")
assert client.flush(60)
assert client.stats.delivered == 2, client.stats
"""
    package = str(Path(overt.__file__).parents[1])
    program = subprocess.Popen(
        [NEWER_PYTHON, "-c", code],
        env={"PYTHONPATH": package},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "forked\n"
    server.gate.set()
    out, err = program.communicate(timeout=60)
    assert (program.returncode, out, err) == (0, "", "")
    assert len({event["uuid"] for event in server.events}) == 2
