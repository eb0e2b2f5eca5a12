"""Instances of `Posthog`: each with settings of its own, none of which an error can come out of."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPython
from overt.posthog import AsyncPosthog, Posthog
from recording import Server

Event = dict[str, Any]
Make = Callable[..., Posthog]


class Raises:
    def __str__(self) -> str:
        raise RuntimeError("not today")


@pytest.fixture
def make(server: Server, state_dir: Path) -> Make:
    def make(key: str = "phc_test", **options: Any) -> Posthog:
        usual: dict[str, Any] = {"host": server.url, "state_dir": state_dir, "background": False}
        return Posthog(key, **{**usual, **options})

    return make


def test_each_has_its_own_key_host_and_review(make: Make, server: Server) -> None:
    other = Server()
    first = make("phc_1", before_send=lambda message: {**message, "event": "changed by first"})
    second = make("phc_2", host=other.url, super_properties={"plan": "free"})
    third = make("phc_1", before_send=lambda message: None if message["event"] == "drop" else message)
    for client in (first, second, third):
        client.capture("e", distinct_id="d")
        client.capture("drop", distinct_id="d")
        client.flush()
    assert [(r.body["api_key"], e["event"]) for r in server.requests for e in r.body["batch"]] == [
        ("phc_1", "changed by first"),
        ("phc_1", "changed by first"),
        ("phc_1", "e"),
    ]
    assert [(r.body["api_key"], e["properties"]["plan"]) for r in other.requests for e in r.body["batch"]] == [
        ("phc_2", "free"),
        ("phc_2", "free"),
    ]
    other.close()


def test_settings_can_be_changed_at_any_time(make: Make, server: Server) -> None:
    client = make()
    for name, value in {"api_key": "phc_new", "super_properties": {"n": 1}, "disable_geoip": False}.items():
        setattr(client, name, value)
    client.capture("e", distinct_id="d")
    client.disabled = True
    assert client.capture("off", distinct_id="d") is None
    client.flush()
    assert server.requests[0].body["api_key"] == "phc_new"
    (event,) = server.events
    assert event["properties"]["n"] == 1
    assert "$geoip_disable" not in event["properties"]


@pytest.mark.parametrize("whose", ["the module's", "an instance's"])
def test_so_can_overts_own(posthog: Any, make: Make, server: Server, whose: str) -> None:
    client: Any = posthog if whose == "the module's" else make()
    client.capture("one", distinct_id="d")
    client.app_version = "2"
    client.capture("two", distinct_id="d")
    client.app_version = "3"
    client.capture("three", distinct_id="d")
    del client.app_version
    client.capture("four", distinct_id="d")
    client.flush()
    versions = {event["event"]: event["properties"].get("$app_version") for event in server.events}
    assert versions == {"one": None, "two": "2", "three": "3", "four": None}


def test_an_old_constructor_is_understood(server: Server, state_dir: Path) -> None:
    client = Posthog(
        api_key="phc_old", host=server.url, state_dir=state_dir, unknown_option=1, personal_api_key="phx_s"
    )
    assert client.api_key == "phc_old"
    client.capture("d", "e", {"n": 1})
    client.flush()
    assert server.names == ["e"]
    assert "phx_s" not in str(server.requests)


def test_a_review_sees_the_message_in_posthogs_form(make: Make) -> None:
    seen: list[Event] = []

    def look(message: Event) -> Event:
        seen.append(message)
        return message

    client = make(before_send=look)
    uuid = client.capture("e", distinct_id="d", properties={"n": (1,)}, groups={"company": "c"})
    client.set(distinct_id="d", properties={"plan": "free"})
    event, person = seen
    assert set(event) == {"event", "uuid", "distinct_id", "timestamp", "properties"}
    assert (event["uuid"], event["distinct_id"]) == (uuid, "d")
    assert event["properties"]["n"] == [1]
    assert event["properties"]["$groups"] == {"company": "c"}
    assert event["properties"]["$lib"] == "overt"
    assert person["$set"] == {"plan": "free"}
    assert "$set" not in person["properties"]


@pytest.mark.parametrize("answer", [7, "text", [], {}, Raises()], ids=["number", "text", "list", "empty", "raises"])
def test_what_a_review_makes_unusable_is_not_sent(make: Make, answer: Any) -> None:
    client = make(before_send=lambda _: answer)
    assert client.capture("e", distinct_id="d") is None
    assert client.capture("d", "e")[0] is False


def test_an_event_whose_review_fails_is_not_sent(make: Make, server: Server) -> None:
    """Since posthog 7 so there too; before, it was sent as it was."""
    client = make(before_send=lambda message: message["no such key"])
    assert client.capture("e", distinct_id="d") is None
    client.before_send = "not callable"  # type: ignore[assignment]
    assert client.capture("e", distinct_id="d")
    client.flush()
    assert len(server.events) == 1


def test_a_review_that_captures_has_that_event_reviewed_too(make: Make, server: Server) -> None:
    def review(message: Event) -> Event:
        if message["event"] == "outer":
            other.capture("inner", distinct_id="d")
        return {**message, "properties": {**message["properties"], "reviewed": True}}

    client = make(before_send=review)
    other = make("phc_other", before_send=lambda message: {**message, "event": "inner, by its own"})
    client.capture("outer", distinct_id="d")
    client.flush()
    other.flush()
    assert sorted((event["event"], "reviewed" in event["properties"]) for event in server.events) == [
        ("inner, by its own", False),
        ("outer", True),
    ]


def test_a_client_that_is_gone_leaves_no_review_behind(make: Make) -> None:
    class Host:
        def review(self, message: Event) -> Event:
            return message

    host = Host()
    gone = weakref.ref(host)
    assert make(before_send=host.review).capture("e", distinct_id="d")
    del host
    gc.collect()
    assert gone() is None


def test_what_is_refused_is_told_to_on_error(make: Make) -> None:
    told: list[tuple[Exception, list[Event]]] = []
    client = make(on_error=lambda error, batch: told.append((error, batch)))
    assert client.capture("e", distinct_id="null") is None
    assert client.capture("null", "e")[0] is False
    assert client.capture("", distinct_id="d") is None
    assert client.capture("e", distinct_id="d", properties=7) is None
    assert client.capture("e", distinct_id=Raises()) is None
    assert client.capture("e", distinct_id="d", properties={"n": "x" * 100_000}) is None
    assert [str(error).partition(":")[0] for error, _ in told] == [
        "invalid_distinct_id",
        "invalid_distinct_id",
        "invalid_name",
        "'int' object is not a mapping",
        "not today",
        "event_too_large",
    ]
    assert all(isinstance(error, Exception) and len(batch) == 1 for error, batch in told)
    assert told[0][1][0]["event"] == "e"


def test_an_on_error_that_fails_is_no_error(make: Make) -> None:
    client = make(on_error=lambda *_: 1 / 0)
    assert client.capture("e", distinct_id="null") is None


@pytest.mark.parametrize(
    "settings",
    [
        {"key": "phx_personal"},
        {"host": "ftp://x"},
        {"host": "http://example.com"},  # plain http: `allow_plain_http` permits it
        {"app": "no name"},
        {"consent_env": 7},
    ],
    ids=repr,
)
def test_a_setting_that_cannot_be_used_costs_the_events_and_nothing_else(make: Make, settings: dict[str, Any]) -> None:
    told: list[Any] = []
    client = make(**settings, on_error=lambda *error: told.append(error))
    assert client.capture("e", distinct_id="d") is None
    assert client.capture("d", "e")[0] is False
    client.flush()
    client.shutdown()
    assert len(told) == 2


def test_numbers_that_only_posthog_takes_are_left_to_overt(make: Make, server: Server) -> None:
    client = make(flush_at=0, timeout=-1, max_retries="many", gzip=True)
    assert client.capture("e", distinct_id="d")
    client.flush()
    assert server.names == ["e"]


def test_gzip_packs_requests(make: Make, server: Server) -> None:
    client = make(gzip=True)
    client.capture("e", distinct_id="d")
    client.flush()
    assert server.requests[0].headers["Content-Encoding"] == "gzip"


def test_sync_mode_delivers_before_it_returns(make: Make, server: Server) -> None:
    make(sync_mode=True).capture("e", distinct_id="d")
    assert server.names == ["e"]


def test_without_send_nothing_is_recorded_and_the_answers_are_as_ever(
    make: Make, server: Server, state_dir: Path
) -> None:
    client = make(send=False)
    assert len(str(client.capture("e", distinct_id="d"))) == 36
    assert client.capture("d", "e")[0] is True
    client.flush()
    assert server.requests == []
    assert not state_dir.exists()


def test_debug_says_what_became_of_events_and_not_what_they_hold(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    client = make(debug=True)
    client.capture("secret", distinct_id="secret")
    client.capture("secret", distinct_id="null")
    assert capfd.readouterr() == (
        "",
        "[posthog] ok\n[posthog] invalid_distinct_id: this distinct ID identifies nobody\n",
    )
    client.debug = False
    client.capture("secret", distinct_id="null")
    assert capfd.readouterr() == ("", "")


def test_an_exception_is_captured_once(make: Make, server: Server) -> None:
    client = make()
    error = ValueError("secret")
    answers: list[Any] = []
    try:
        raise error
    except ValueError:
        answers.append(client.capture_exception())
    answers += [client.capture_exception(error), client.capture_exception(error, "d")]
    assert [answer is not None for answer in answers] == [True, False, False]
    for given in (OSError("secret"), (OSError, OSError("secret"), None)):
        assert client.capture_exception(given, "d", {"n": 1})[0] is True
    assert client.capture_exception("no exception") is None
    assert client.capture_exception() is None
    client.flush()
    assert server.names == ["$exception"] * 3
    assert "secret" not in json.dumps(server.events)


def test_a_long_chain_of_exceptions_is_cut(make: Make, server: Server) -> None:
    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        raise ValueError

    error: Exception | None = None
    for _ in range(20):
        try:
            deep(200)
        except ValueError as raised:
            raised.__cause__, error = error, raised
    client = make()
    assert client.capture_exception(error)
    client.flush()
    chain = server.events[0]["properties"]["$exception_list"]
    assert (len(chain), {len(one["stacktrace"]["frames"]) for one in chain}) == (5, {20})


@pytest.mark.parametrize("call", ["shutdown", "flush", "join"])
def test_the_end_does_not_wait_for_a_server_that_is_silent(run_python: RunPython, server: Server, call: str) -> None:
    server.gate.clear()
    answer = run_python(f"""
        from overt.posthog import Posthog
        # A request may take longer than this test, which is ended if somebody waits for it.
        client = Posthog(options["api_key"], options["endpoint"], state_dir=options["state_dir"], timeout=600)
        client.capture("e", distinct_id="d")
        client.{call}()
        print("ended")
    """)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "ended\n", "")


def test_asynchronous_programs_have_a_client_too(server: Server, state_dir: Path) -> None:
    async def job() -> str | None:
        async with AsyncPosthog("phc_test", server.url, state_dir=state_dir, background=False) as client:
            assert client.capture("one", distinct_id="d")
            assert (await client.evaluate_flags("d")).get_flag("k") is None
            return await client.capture_immediate("two", distinct_id="d")

    assert asyncio.run(job()) == server.events[1]["uuid"]
    assert server.names == ["one", "two"]


OFF = [
    {"TELEMETRY_ENABLED": "false"},
    {"DO_NOT_TRACK": "1"},
    {"CI": "true"},
    {"TOOL_TELEMETRY": "0"},
]


@pytest.mark.parametrize("environment", OFF, ids=repr)
def test_off_is_off(run_python: RunPython, server: Server, tmp_path: Path, environment: dict[str, str]) -> None:
    answer = run_python(
        """
        import overt.posthog as posthog, threading
        posthog.api_key, posthog.host, posthog.state_dir = options["api_key"], options["endpoint"], options["state_dir"]
        posthog.consent_env = "TOOL_TELEMETRY"
        posthog.before_send = lambda message: 1 / 0
        assert posthog.capture("e") is None and posthog.capture("d", "e") == (False, "disabled")
        assert posthog.set(distinct_id="d", properties={"n": 1}) is None
        assert posthog.capture_exception(OSError()) is None
        assert posthog.identify("d") == (False, "disabled")
        client = posthog.Posthog(**{"project_api_key": "phc_x", "host": options["endpoint"], "debug": True},
            state_dir=options["state_dir"], consent_env="TOOL_TELEMETRY", on_error=lambda *error: print(error))
        client.capture("e")
        posthog.shutdown()
        client.shutdown()
        assert threading.active_count() == 1
        """,
        **environment,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "[posthog] disabled\n")
    assert server.requests == []
    assert list(tmp_path.iterdir()) == []


def test_while_off_nothing_is_made_of_what_a_call_was_given(make: Make) -> None:
    told: list[object] = []
    client = make(on_error=lambda *error: told.append(error))
    assert client.capture("e", distinct_id="d")
    (native,) = client._used().values()
    native.set_consent(False)
    properties: Any = Raises()
    assert client.capture("e", distinct_id=Raises(), properties=properties) is None
    assert client.capture(Raises(), "e", properties) == (False, "disabled")
    assert client.set(distinct_id="d", properties=properties) is None
    assert told == []
    native.set_consent(True)
    assert client.capture("e", distinct_id=Raises()) is None
    assert len(told) == 1
    assert client.capture("e", distinct_id="d")


def test_the_stored_choice_counts(posthog: Any, make: Make, server: Server) -> None:
    posthog.capture("before", distinct_id="d")
    (client,) = posthog.default_client._used().values()
    client.set_consent(False)
    assert posthog.capture("after", distinct_id="d") is None
    assert make("phc_other").capture("after", distinct_id="d") is None
    posthog.flush()
    assert server.requests == []


def test_a_program_names_itself_and_makes_its_own_rules(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert make(app="tool").capture("e", distinct_id="d") is None
    client = make(app="tool", app_version="1.2", in_ci=True)
    assert client.capture("e", distinct_id="d")
    (native,) = client._used().values()
    properties = json.loads(native.pending()[0])["properties"]
    assert (properties["$app_name"], properties["$app_version"]) == ("tool", "1.2")
    assert "$process_person_profile" not in properties
    anonymous = make(app="tool", app_version="1.2", in_ci=True, person_profiles=False)
    assert anonymous.capture("e", distinct_id="d")
    assert json.loads(native.pending()[-1])["properties"]["$process_person_profile"] is False
    assert make(app="tool", in_ci=True, default_consent=False).capture("e", distinct_id="d") is None


def test_options_of_any_kind_make_one_client_each(make: Make) -> None:
    class Host:
        __hash__ = None  # type: ignore[assignment]

        def __init__(self) -> None:
            self.asked = 0

        def __repr__(self) -> str:
            return f"asked {self.asked} times"

        def consents(self) -> bool:
            self.asked += 1
            return True

    host = Host()
    client = make(consent=host.consents, extra_headers={"X-Tool": "tool"})
    assert [bool(client.capture("e", distinct_id="d")) for _ in range(3)] == [True] * 3
    assert len(client._used()) == 1
    assert host.asked >= 3


def test_nobody_in_particular_is_the_installation(make: Make, server: Server) -> None:
    client = make()
    client.capture("one")
    client.capture("two", distinct_id=None)
    client.capture(None, "three")
    client.capture("four", distinct_id="somebody")
    client.flush()
    (native,) = client._used().values()
    assert [event["distinct_id"] == native.client_id for event in server.events] == [True, True, True, False]
    profiles = [event["properties"].get("$process_person_profile") for event in server.events]
    assert profiles == [False, False, False, None]


def test_without_the_native_module_it_does_nothing(run_python: RunPython) -> None:
    answer = run_python("""
        import sys
        sys.modules["overt._overt"] = None
        import overt.posthog as posthog
        posthog.api_key, posthog.host = options["api_key"], options["endpoint"]
        posthog.before_send = lambda message: message
        assert posthog.capture("e") is None and posthog.capture("d", "e") == (False, "disabled")
        assert posthog.Posthog("phc_x").capture("e", uuid="no uuid") is None
        posthog.shutdown()
    """)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
