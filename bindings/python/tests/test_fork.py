"""fork: the child goes on with a client of its own, and what the parent recorded the parent delivers, once."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

import overt
from conftest import MakeClient, RunPython
from recording import Server, swallowing

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    # Python 3.12 warns of any fork beside a thread, of which the test's server is one.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
]


# So many by default; `docs/reliability.md` has the figures of a longer run.
FORKS = int(os.environ.get("OVERT_TEST_FORKS", "50"))


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


def test_forks_in_the_middle_of_everything(server: Server, run_python: RunPython) -> None:
    """Threads capture and deliver all the time; each child captures, and its parent's locks are as they were."""
    code = """
        import os, threading, overt
        options.update(max_spool_events=10**6, max_spool_bytes=10**9)
        client = overt.Client(**options, flush_at=20)
        stop = threading.Event()
        recorded = []
        def busy():
            while not stop.wait(0.001):
                recorded.append(client.capture_event("parent", {"a": [1, 2]}))
        threads = [threading.Thread(target=busy, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(FORKS):
            pid = os.fork()
            if pid == 0:
                os._exit(0 if client.capture_event("child", {"number": number}) else 1)
            assert os.waitpid(pid, 0)[1] == 0
        stop.set()
        for thread in threads:
            thread.join()
        assert all(recorded) and client.flush(60)
        print(len(recorded))
    """
    answer = run_python(code.replace("FORKS", str(FORKS)), PYTHONWARNINGS="ignore")
    assert (answer.returncode, answer.stderr) == (0, "")
    uuids = [event["uuid"] for event in server.events]
    assert len(set(uuids)) == len(uuids), "nothing arrived twice"
    assert server.names.count("parent") == int(answer.stdout)
    numbers = [event["properties"]["number"] for event in server.events if event["event"] == "child"]
    assert sorted(numbers) == list(range(FORKS))


def test_workers_forked_before_they_work_deliver_until_they_are_told_to_end(
    server: Server, run_python: RunPython
) -> None:
    """As gunicorn does it: the application, and its client, are made before the workers are."""
    code = """
        import os, signal, sys, threading, overt
        client = overt.Client(**options, flush_at=10, exit_timeout=60)
        client.capture_event("boot")
        def work(worker):
            def requests(thread):
                for number in range(50):
                    client.capture_event("request", {"request": f"{worker}-{thread}-{number}"})
            threads = [threading.Thread(target=requests, args=(thread,)) for thread in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        def end(*_):
            sys.exit(0)
        workers = []
        for worker in range(4):
            told, tell = os.pipe()
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGTERM, end)
                work(worker)
                os.write(tell, b"x")
                signal.pause()
            workers.append((pid, told))
        for pid, told in workers:
            os.read(told, 1)
            os.kill(pid, signal.SIGTERM)
            assert os.waitpid(pid, 0)[1] == 0
    """
    answer = run_python(code, PYTHONWARNINGS="ignore")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    requests = [event["properties"]["request"] for event in server.events if event["event"] == "request"]
    assert len(requests) == len(set(requests)) == 400
    assert server.names.count("boot") == 1


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing_by_each_method(server: Server, run_python: RunPython, tmp_path: Path, method: str) -> None:
    (tmp_path / "jobs.py").write_text(
        """
import overt

def job(options, number):
    client = overt.Client(**options)
    assert client.capture_event("job", {"number": number})
    assert client.flush(60)
    return number
"""
    )
    code = f"""
        import multiprocessing, sys
        sys.path.insert(0, {str(tmp_path)!r})
        import jobs, overt
        if __name__ == "__main__":
            client = overt.Client(**options)
            client.capture_event("parent")
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                assert pool.starmap(jobs.job, [(options, number) for number in range(8)]) == list(range(8))
            assert client.flush(60)
    """
    answer = run_python(code, PYTHONWARNINGS="ignore", PYTHONPATH=str(tmp_path))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert sorted(server.names) == ["job"] * 8 + ["parent"]


def newer_python() -> str | None:
    """An interpreter that warns of forks beside threads: this one, or another of this machine."""
    names = [sys.executable, *(f"python3.{minor}" for minor in (14, 13, 12))]
    names += sorted(map(str, Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python")), reverse=True)
    is_newer = "import sys; sys.exit(sys.version_info < (3, 12))"
    found = filter(None, map(shutil.which, names))
    return next((python for python in found if subprocess.run([python, "-c", is_newer]).returncode == 0), None)


NEWER_PYTHON = newer_python()
needs_newer = pytest.mark.skipif(NEWER_PYTHON is None, reason="there is no Python 3.12 or later")


FORK_TWENTY_TIMES = """
threads = lambda: len(os.listdir("/proc/self/task"))
for number in range(20):
    while threads() < 2 or not ready():  # ours goes on by itself after each fork
        time.sleep(0.001)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
print("forked", flush=True)
"""


@contextmanager
def forking(url: str, state_dir: Path, client: str, before: str, after: str) -> Iterator[None]:
    """A program that forks while a thread of ours lives, and prints no warning; the block runs after its forks."""
    assert NEWER_PYTHON is not None
    options = {"app": "x", "api_key": "phc_k", "endpoint": url, "state_dir": str(state_dir)}
    code = "import os, time, warnings\nimport overt\nwarnings.simplefilter('always')\nready = lambda: True\n"
    code += f"client = overt.Client(**{options!r}, {client})\nclient.capture_event('before')\n"
    program = subprocess.Popen(
        [NEWER_PYTHON, "-c", f"{code}{dedent(before)}{FORK_TWENTY_TIMES}{dedent(after)}"],
        env={"PYTHONPATH": str(Path(overt.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "forked\n", program.communicate()
    yield
    out, err = program.communicate(timeout=60)
    assert (program.returncode, out, err) == (0, "", "")


@needs_newer
@pytest.mark.parametrize("flush_at", [1, 100])
def test_no_fork_is_warned_of_on_our_account(server: Server, state_dir: Path, flush_at: int) -> None:
    """The thread waits, for more events or for an answer."""
    server.gate.clear()
    before = f"""
        while client.stats.requests == 0 and {flush_at} == 1:
            time.sleep(0.001)
    """
    after = """
        client.capture_event("after")
        assert client.flush(60)
        assert client.stats.delivered == 2, client.stats
    """
    with forking(server.url, state_dir, f"flush_at={flush_at}, flush_interval=3600", before, after):
        server.gate.set()
    assert len({event["uuid"] for event in server.events}) == 2


@needs_newer
def test_no_fork_is_warned_of_while_a_connection_is_being_made(state_dir: Path) -> None:
    with swallowing() as port:
        after = "assert client.stats.pending == 1, client.stats\n"
        # The program's only socket is that of the connection.
        before = """
            from glob import glob
            ready = lambda: any("socket:" in os.path.realpath(file) for file in glob("/proc/self/fd/*"))
        """
        with forking(f"http://127.0.0.1:{port}", state_dir, "flush_at=1", before, after):
            pass


@needs_newer
def test_no_fork_is_warned_of_while_an_uploader_is_waited_for(server: Server, state_dir: Path) -> None:
    server.gate.clear()
    after = """
        while threads() > 1:  # it has ended, and no zombie is left
            time.sleep(0.001)
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            pass
        else:
            raise SystemExit("a child is left")
    """
    with forking(server.url, state_dir, "detached_upload=True", "client.close()\n", after):
        server.gate.set()
    assert server.names == ["before"]


@needs_newer
def test_a_forked_child_leaves_no_zombie_of_an_uploader_of_its_own(server: Server, tmp_path: Path) -> None:
    """The parent's threads are held while it forks; the child's are not."""
    after = f"""
        if os.fork() == 0:
            options = dict(app="child", api_key="phc_k", endpoint={server.url!r}, state_dir={str(tmp_path / "child")!r})
            client = overt.Client(**options, detached_upload=True)
            client.capture_event("child")
            client.close()
            with open(f"/proc/self/task/{{os.getpid()}}/children") as children:
                uploader = int(children.read())
            end = time.monotonic() + 30
            while os.path.exists(f"/proc/{{uploader}}") and time.monotonic() < end:
                time.sleep(0.01)
            os._exit(os.path.exists(f"/proc/{{uploader}}"))
        assert os.wait()[1] == 0, "a zombie is left"
        assert client.flush(60)
    """
    with forking(server.url, tmp_path / "parent", "flush_interval=3600", "", after):
        pass
    assert sorted(server.names) == ["before", "child"]
