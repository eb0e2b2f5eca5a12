"""fork: the child goes on with a client of its own, and what the parent recorded the parent delivers, once."""

from __future__ import annotations

import multiprocessing
import os

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
