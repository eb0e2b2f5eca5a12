"""Many threads, and the host's callables among them: nothing is lost and nobody waits for ever."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import MakeClient
from recording import Server


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


def in_threads(count: int, body: Any) -> None:
    threads = [threading.Thread(target=body, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.usefixtures("often")
def test_each_event_of_each_thread_arrives_once(make_client: MakeClient, server: Server) -> None:
    client = make_client(background=True, flush_at=50)
    recorded: list[str | None] = []

    def body(number: int) -> None:
        for n in range(50):
            recorded.append(client.capture_event("e", {"thread": number, "n": n}))

    in_threads(20, body)
    assert client.flush(60)
    assert None not in recorded
    assert sorted(event["uuid"] for event in server.events) == sorted(uuid for uuid in recorded if uuid)
    assert len(set(recorded)) == 1000


@pytest.mark.usefixtures("often")
def test_callables_never_hold_anybody_up(make_client: MakeClient) -> None:
    lock = threading.Lock()

    class Slow:
        def __str__(self) -> str:
            with lock:
                return "slow"

    def review(event: dict[str, Any]) -> dict[str, Any]:
        with lock:
            return event

    def consent() -> bool:
        with lock:
            return True

    client = make_client(background=True, flush_at=2, consent=consent, before_send=review)

    def body(number: int) -> None:
        for n in range(20):
            client.capture_event("e", {"slow": Slow(), "n": n})
            assert client.consent
            if number % 4 == 0:
                client.flush(0.01)
                assert len(client.pending()) >= 0
                assert client.stats.panics == 0

    in_threads(16, body)
    assert client.stats.recorded == 320


def test_clients_may_come_and_go_in_threads(make_client: MakeClient) -> None:
    def body(number: int) -> None:
        for n in range(5):
            client = make_client(app=f"app{number % 3}", background=True)
            client.capture_event("e", {"n": n})
            client.close()

    in_threads(10, body)
