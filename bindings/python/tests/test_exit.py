"""The end of a process: nothing waits unless it was asked to, and nothing is lost."""

from __future__ import annotations

import signal

import pytest

from conftest import MakeClient, RunPython
from recording import Server

CAPTURE = """
    import overt
    client = overt.Client(**options)
    assert client.capture_event("e")
"""


def test_what_is_left_at_exit_is_delivered_by_the_next_process(
    run_python: RunPython, server: Server, make_client: MakeClient
) -> None:
    server.gate.clear()
    answer = run_python(CAPTURE)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    server.gate.set()
    waiting = make_client()
    assert len(waiting.pending()) == 1
    assert run_python("import overt; assert overt.Client(**options).flush(30)").returncode == 0
    assert server.names[-1] == "e"
    assert len({event["uuid"] for event in server.events}) == 1
    assert waiting.pending() == []


def test_an_event_survives_sigkill(run_python: RunPython, make_client: MakeClient) -> None:
    answer = run_python(CAPTURE + "    import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert answer.returncode == -signal.SIGKILL
    assert len(make_client().pending()) == 1


@pytest.mark.parametrize(
    "keep",
    [
        "pass",
        "overt.kept = client",
        "client.itself = client",
        "ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))",
    ],
    ids=["dropped", "in a module", "in a cycle", "never destroyed"],
)
def test_an_exit_timeout_is_used(run_python: RunPython, server: Server, keep: str) -> None:
    code = f"""
        import ctypes, gc, overt
        gc.disable()
        class Client(overt.Client):
            pass
        def work():
            client = Client(**options, exit_timeout=30)
            client.capture_event("e")
            {keep}
        work()
    """
    answer = run_python(code)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert server.names == ["e"]


def test_events_of_late_hooks_are_recorded(run_python: RunPython, make_client: MakeClient) -> None:
    code = """
        import atexit
        atexit.register(lambda: client.capture_event("late"))
        import overt
        client = overt.Client(**options)
    """
    assert run_python(code).stderr == ""
    assert len(make_client().pending()) == 1


def test_events_of_late_hooks_are_delivered_within_the_exit_timeout(run_python: RunPython, server: Server) -> None:
    code = """
        import atexit
        atexit.register(lambda: client.capture_event("late"))
        import overt
        client = overt.Client(**options, exit_timeout=30)
        client.capture_event("early")
        # Nothing but the exit itself: this client is never destroyed.
        import ctypes
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))
    """
    assert run_python(code).stderr == ""
    assert server.names == ["early", "late"]


def test_an_exit_is_not_held_up_by_a_server_that_does_not_answer(run_python: RunPython, server: Server) -> None:
    server.gate.clear()
    # Any wait for the request would outlast the test.
    answer = run_python("""
        import overt
        client = overt.Client(**options, flush_at=1, timeout=600, connect_timeout=600)
        client.capture_event("e")
        while client.stats.requests == 0:
            pass
    """)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_there_is_one_budget_for_all_clients_and_late_events(run_python: RunPython, server: Server) -> None:
    server.gate.clear()
    # A budget for each client, for each late event or for each client's end would outlast the test.
    answer = run_python("""
        import atexit, overt
        atexit.register(lambda: [client.capture_event("late") for client in clients])
        clients = [overt.Client(**{**options, "app": f"a{n}"}, exit_timeout=1.5, timeout=600) for n in range(100)]
        for client in clients:
            client.capture_event("e")
    """)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("ending", "code"), [("sys.exit(3)", 3), ("os._exit(4)", 4), ("raise SystemExit(5)", 5), ("os.abort()", -6)]
)
def test_the_exit_code_is_the_hosts(run_python: RunPython, make_client: MakeClient, ending: str, code: int) -> None:
    answer = run_python(CAPTURE + f"    import os, sys; {ending}")
    assert answer.returncode == code
    assert len(make_client().pending()) == 1


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ("consent=lambda: True, before_send=lambda event: event", "client.capture_event('e', {'n': [1]})"),
        ("", "client.capture_event('e', {'text': Slow(), Slow(): datetime.now(), 'mapping': ChainMap({})})"),
        ("consent=lambda: True", "client.flush(), client.client_id, client.pending()"),
        ("consent=lambda: True", "client.consent, client.stats, client.ledger, client.losses(), client.paths"),
    ],
)
def test_threads_may_call_until_the_very_end(run_python: RunPython, options: str, call: str) -> None:
    # Before 3.14 an ending interpreter unwinds the stacks of daemon threads, which aborts the process if one is ours.
    code = f"""
        import threading, overt
        from collections import ChainMap
        from datetime import datetime
        class Slow:
            def __str__(self):
                return "x" * len([n for n in range(50)])
        client = overt.Client(**options, flush_at=5, {options})
        started = threading.Event()
        def busy():
            started.set()
            while True:
                {call}
        for _ in range(4):
            threading.Thread(target=busy, daemon=True).start()
        started.wait()
    """
    for _ in range(5):
        answer = run_python(code)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
