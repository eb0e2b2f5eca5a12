"""From capture to the server: what waits and what was sent can be read, and nobody waits who did not ask for it."""

from __future__ import annotations

import json
import threading

import pytest

import overt
from conftest import MakeClient, RunPython
from recording import Server


def test_what_was_captured_arrives_as_it_was_shown(client: overt.Client, server: Server) -> None:
    for n in range(3):
        assert client.capture_event("e", {"n": n})
    shown = client.pending()
    assert client.flush() is True
    assert server.events == [json.loads(line) for line in shown]
    assert server.requests[0].path == "/batch/"
    assert server.requests[0].body["api_key"] == "phc_test"
    assert client.pending() == []
    assert client.sent() == shown


def test_a_client_counts(client: overt.Client) -> None:
    assert client.stats == (0, 0, 0, 0, 0, 0, 0, 0, "none")
    client.capture_event("e")
    assert client.stats == (1, 0, 0, 1, 0, 0, 0, 0, "disk")
    assert client.flush()
    stats = client.stats
    assert (stats.recorded, stats.delivered, stats.pending, stats.requests) == (1, 1, 0, 1)
    ledger = client.ledger
    assert (ledger.delivered, ledger.requests, ledger.failures) == (1, 1, 0)
    assert (ledger.lost, ledger.parked_until_ms) == ({}, 0)


def test_what_a_server_says_nothing_about_is_delivered_and_unconfirmed(make_client: MakeClient) -> None:
    client = make_client(wire="posthog-v1")
    client.capture_event("e")
    assert client.flush() is True  # by a 200 without a result for the event
    stats = client.stats
    assert (stats.delivered, stats.unconfirmed, stats.lost, stats.failures) == (1, 1, 0, 0)


def test_what_a_server_refuses_is_counted_as_lost(client: overt.Client, server: Server) -> None:
    server.statuses = [400]
    client.capture_event("e")
    client.flush()
    assert client.losses() == {"refused": 1}
    assert client.ledger.lost == {"refused": 1}


def test_with_nothing_to_deliver_everything_is_delivered(client: overt.Client, server: Server) -> None:
    assert client.flush() is True
    assert server.requests == []


@pytest.mark.parametrize("timeout", [0, 0.01, -1, float("nan"), "soon", object()])
def test_a_flush_that_ends_too_early_says_so(make_client: MakeClient, server: Server, timeout: float) -> None:
    server.gate.clear()
    client = make_client()
    client.capture_event("e")
    assert client.flush(timeout) is False
    assert len(client.pending()) == 1
    server.gate.set()
    assert client.flush() is True


@pytest.mark.parametrize("timeout", [float("inf"), 1e300, None])
def test_a_flush_may_wait_for_ever(client: overt.Client, timeout: float) -> None:
    client.capture_event("e")
    assert client.flush(timeout) is True


def test_close_waits_as_long_as_it_is_told(make_client: MakeClient, server: Server) -> None:
    client = make_client()
    client.capture_event("one")
    client.close()
    assert server.requests == []
    client = make_client()
    client.capture_event("two")
    client.close(timeout=30)
    assert sorted(server.names) == ["one", "two"]


def test_a_block_closes_its_client_with_the_exit_timeout(make_client: MakeClient, server: Server) -> None:
    with make_client(exit_timeout=30) as client:
        client.capture_event("e")
    assert server.names == ["e"]


def test_an_exception_leaves_a_block_as_it_came(make_client: MakeClient) -> None:
    def use() -> None:
        with make_client() as client:
            client.capture_event("e")
            raise KeyError("theirs")

    with pytest.raises(KeyError, match="theirs"):
        use()
    assert len(make_client().pending()) == 1


def test_a_client_that_goes_out_of_use_is_closed_with_its_exit_timeout(make_client: MakeClient, server: Server) -> None:
    settings = {"app": "starfish", "api_key": "phc_test", "endpoint": server.url, "background": False}
    paths = make_client().paths
    assert paths is not None

    def use() -> None:
        overt.Client(**settings, state_dir=paths.state_dir, exit_timeout=30).capture_event("e")  # type: ignore[arg-type]

    use()
    assert server.names == ["e"]


def test_what_is_captured_after_close_waits_for_the_next_client(make_client: MakeClient, server: Server) -> None:
    client = make_client()
    client.close()
    assert client.capture_event("late")
    assert client.flush() is False
    assert make_client().flush() is True
    assert server.names == ["late"]


def test_other_threads_run_while_one_waits(client: overt.Client, server: Server) -> None:
    server.gate.clear()
    client.capture_event("e")
    waiting = threading.Thread(target=client.flush, args=(30,))
    waiting.start()
    server.wait_for(1)  # this thread runs while the other one waits
    server.gate.set()
    waiting.join()
    assert client.stats.delivered == 1


@pytest.mark.parametrize("call", ["flush(600)", "close(600)"])
def test_ctrl_c_ends_a_wait(run_python: RunPython, server: Server, call: str) -> None:
    server.gate.clear()
    code = f"""
        import os, signal, sys, threading, overt
        client = overt.Client(**options, timeout=600)  # a request that would outlast the test
        client.capture_event("e")
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            client.{call}
        except KeyboardInterrupt:
            sys.exit(7)
    """
    answer = run_python(code)
    assert (answer.returncode, answer.stderr) == (7, "")
