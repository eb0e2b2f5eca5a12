"""The module `overt.posthog` as programs use posthog's: attributes and functions, shared by whoever imports it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import overt.posthog
from conftest import RunPython
from recording import Server

Event = dict[str, Any]


def sent(server: Server) -> list[tuple[str, str]]:
    """(key, event) of all that arrived."""
    return [(request.body["api_key"], event["event"]) for request in server.requests for event in request.body["batch"]]


def test_settings_are_read_at_each_capture(posthog: Any, server: Server) -> None:
    other = Server()
    posthog.capture("one", distinct_id="d")
    posthog.project_api_key = "phc_other"
    posthog.capture("two", distinct_id="d")
    posthog.host = other.url
    posthog.capture("three", distinct_id="d")
    posthog.disabled = True
    assert posthog.capture("four", distinct_id="d") is None
    posthog.disabled = False
    posthog.super_properties = {"plan": "free"}
    posthog.disable_geoip = False
    posthog.capture("five", distinct_id="d")
    posthog.before_send = lambda message: {**message, "event": "six, changed"}
    posthog.capture("six", distinct_id="d")
    posthog.flush()
    assert sorted(sent(server)) == [("phc_other", "two"), ("phc_test", "one")]
    assert sorted(sent(other)) == [("phc_other", "five"), ("phc_other", "six, changed"), ("phc_other", "three")]
    properties = {event["event"]: event["properties"] for event in other.events}
    assert (properties["three"]["$geoip_disable"], "plan" in properties["three"]) == (True, False)
    assert ("$geoip_disable" in properties["five"], properties["five"]["plan"]) == (False, "free")
    other.close()


@pytest.mark.parametrize("names", [("api_key", "project_api_key"), ("project_api_key", "api_key")])
def test_two_libraries_that_set_their_key_before_each_capture_are_both_heard(
    posthog: Any, server: Server, names: tuple[str, str]
) -> None:
    """Each by the name it has for the key: in the real package one of the two always wins."""
    for turn in range(3):
        for library, name in enumerate(names):
            setattr(posthog, name, f"phc_{library}")
            posthog.capture(f"event {turn} of {library}", distinct_id="d")
    posthog.flush()
    assert len(sent(server)) == 6
    assert all(event.endswith(f"of {key[-1]}") for key, event in sent(server))
    assert posthog.api_key == posthog.project_api_key == "phc_1"


def test_one_client_serves_all_who_have_the_same_key_and_host(posthog: Any, server: Server) -> None:
    for _ in range(3):
        posthog.capture("from the module", distinct_id="d")
        instance = posthog.Posthog("phc_test", server.url, state_dir=posthog.state_dir, background=False)
        instance.capture("from an instance", distinct_id="d")
    assert len(posthog.default_client._used()) == 1
    assert instance._used() == posthog.default_client._used()


def test_a_shutdown_does_not_end_what_others_use(posthog: Any, server: Server) -> None:
    instance = posthog.Posthog("phc_test", server.url, state_dir=posthog.state_dir, background=False)
    instance.capture("before", distinct_id="d")
    instance.shutdown()
    posthog.capture("after", distinct_id="d")
    posthog.shutdown()
    instance.capture("again", distinct_id="d")
    instance.flush()
    assert server.names == ["before", "after", "again"]


@pytest.mark.parametrize("end", ["flush", "shutdown", "join"])
def test_the_end_delivers_what_went_to_all_keys(posthog: Any, server: Server, end: str) -> None:
    for key in ("phc_a", "phc_b", "phc_c"):
        posthog.project_api_key = key
        posthog.capture("e", distinct_id="d")
    getattr(posthog, end)()
    assert sorted(sent(server)) == [("phc_a", "e"), ("phc_b", "e"), ("phc_c", "e")]


def test_functions_can_be_replaced(posthog: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(posthog, "capture", lambda *args, **named: seen.append((args, named)))
    posthog.capture("e", distinct_id="d")
    monkeypatch.undo()
    posthog.capture("real", distinct_id="d")
    posthog.flush()
    assert seen == [(("e",), {"distinct_id": "d"})]
    assert server.names == ["real"]


def test_any_attribute_can_be_set_and_most_are_ignored(posthog: Any, server: Server) -> None:
    posthog.poll_interval = "never"
    posthog.personal_api_key = "phx_secret"
    posthog.something_else = object()
    posthog.metrics = {"service_name": "s"}
    posthog.capture("e", distinct_id="d")
    posthog.flush()
    assert server.names == ["e"]
    assert "secret" not in str(server.requests)


def test_a_default_client_of_the_programs_own_serves_the_functions(posthog: Any, server: Server) -> None:
    own = posthog.Posthog("phc_own", server.url, state_dir=posthog.state_dir, background=False)
    posthog.default_client = own
    posthog.capture("e", distinct_id="d")
    posthog.disabled = True
    assert posthog.capture("off", distinct_id="d") is None
    posthog.flush()
    posthog.disabled = False
    posthog.flush()
    assert sent(server) == [("phc_own", "e")]
    assert posthog.setup() is own


def test_setup_gives_the_module_as_a_client(posthog: Any, server: Server) -> None:
    assert posthog.default_client is None
    client = posthog.setup()
    assert posthog.default_client is client
    assert isinstance(client, posthog.Client)
    assert (client.api_key, client.host, client.send) == ("phc_test", server.url, True)
    client.host = "http://127.0.0.1:9"
    assert posthog.host == "http://127.0.0.1:9"
    posthog.host = server.url
    client.capture("e", distinct_id="d")
    client.flush()
    assert server.names == ["e"]


def test_threads_that_begin_at_once_share_one_client(posthog: Any, server: Server) -> None:
    barrier = threading.Barrier(8)

    def capture(number: int) -> None:
        barrier.wait()
        for turn in range(20):
            posthog.capture(f"{number}.{turn}", distinct_id="d")

    threads = [threading.Thread(target=capture, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    posthog.flush(30)
    assert len(posthog.default_client._used()) == 1
    assert len(set(server.names)) == len(server.names) == 160


def test_a_forked_child_goes_on(run_python: RunPython, server: Server) -> None:
    answer = run_python("""
        import os, overt.posthog as posthog
        posthog.api_key, posthog.host, posthog.state_dir = options["api_key"], options["endpoint"], options["state_dir"]
        posthog.background = False
        posthog.capture("parent", distinct_id="d")
        child = os.fork()
        if child == 0:
            posthog.capture("child", distinct_id="d")
            posthog.flush(30)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        posthog.flush(30)
    """)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert sorted(server.names) == ["child", "parent"]


def test_an_interrupt_is_not_swallowed(posthog: Any) -> None:
    def interrupted(_message: Event) -> Event:
        raise KeyboardInterrupt

    posthog.before_send = interrupted
    with pytest.raises(KeyboardInterrupt):
        posthog.capture("e", distinct_id="d")


def test_before_any_setting_nothing_is_recorded() -> None:
    assert overt.posthog.capture("e", distinct_id="d") is None
    assert overt.posthog.capture("d", "e") == (False, "disabled")
    overt.posthog.flush()
    overt.posthog.shutdown()
