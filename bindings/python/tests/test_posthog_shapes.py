"""The same calls, once with the real package and once with ours: the same messages arrive, the same answers come back.

What is left out of the comparison: how the machine and the library are named, IDs that are made up, and where a
person's properties stand (beside the event's, or among them: the server takes both).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import peers
from recording import Server

AMBIENT = {"$lib", "$lib_version", "$os", "$os_version", "$os_distro", "$python_runtime", "$python_version"}
AMBIENT |= {"$is_server", "$app_name", "arch", "ci", "agent"}

UUID = "019aa25a-3dcd-4000-8000-000000000001"

PROGRAM = """
    import json, sys, uuid
    from datetime import date, datetime, timedelta, timezone
    {alias}
    import posthog
    posthog.project_api_key, posthog.host, posthog.sync_mode = "phc_test", sys.argv[1], True
    WHEN, LOCAL = datetime(2026, 1, 20, 18, 10, 36, 493318, timezone(timedelta(hours=2))), datetime(2026, 1, 20, 18, 10)
    UUID = "{uuid}"
    def kind(answer):
        if isinstance(answer, tuple):
            return [answer[0], sorted(answer[1]) if isinstance(answer[1], dict) else answer[1]]
        return "a uuid" if isinstance(answer, str) and answer != UUID and uuid.UUID(answer) else answer
    answers = []
    for call in json.loads(sys.argv[2]):
        try:
            answers.append(kind(eval(call)))
        except SyntaxError:
            exec(call)
    print(json.dumps(answers))
"""

OLD = [
    'posthog.capture("somebody", "e")',
    'posthog.capture("somebody", "e", {"n": 1, "list": (1, 2), "nothing": None, "nested": {"a": [True]}})',
    'posthog.capture("somebody", "e", {"n": 1}, None, WHEN, UUID, {"company": "c"})',
    'posthog.capture("somebody", "e", timestamp=LOCAL)',
    'posthog.capture("somebody", event="e", properties={"n": 1})',
    'posthog.capture("somebody", "e", disable_geoip=False)',
    'posthog.capture(7, "e")',
    'posthog.capture(uuid.UUID(UUID), "e")',
    'posthog.identify("somebody", {"plan": "free"})',
    'posthog.identify("somebody")',
    'posthog.set("somebody", {"plan": "free"})',
    'posthog.set("somebody")',
    'posthog.set_once("somebody", {"plan": "free"}, None, WHEN, UUID)',
    'posthog.alias("before", "after")',
    'posthog.alias("before", "after", {}, WHEN)',
    'posthog.group_identify("company", "c", {"n": 1})',
    'posthog.group_identify("company", "c", {"n": 1}, {}, WHEN, UUID)',
    'posthog.page("somebody", "https://x/y", {"n": 1})',
    "posthog.default_client.super_properties = {'n': 2, 'm': 3}; posthog.super_properties = {'n': 2, 'm': 3}",
    'posthog.capture("somebody", "e", {"n": 1, "o": 4})',
    'posthog.identify("somebody", {"n": 1})',
    "posthog.disabled = True",
    'posthog.capture("somebody", "e")',
    'posthog.identify("somebody", {"plan": "free"})',
    "posthog.disabled = False",
    'posthog.capture("somebody", "last")',
]

# Nobody can tell for which version these were written; they get the newer answer.
GOOD_IN_BOTH = ('posthog.alias("before", "after")', 'posthog.group_identify("company", "c", {"n": 1})')

NEW = [
    'posthog.capture("e", distinct_id="somebody", properties={"n": 1, "list": (1, 2), "set": {1}, "nested": {"a": 1}})',
    'posthog.capture("e", distinct_id="somebody", timestamp=WHEN, uuid=UUID, groups={"company": "c"})',
    'posthog.capture("e", distinct_id="somebody", timestamp=LOCAL, uuid=uuid.UUID(UUID))',
    'posthog.capture("e", distinct_id="somebody", timestamp="2026-01-20T18:10:36+02:00", uuid="no uuid")',
    'posthog.capture("e", distinct_id="somebody", timestamp="2026-01-20T18:10:36", send_feature_flags=False)',
    'posthog.capture("e", distinct_id="somebody", timestamp="no time")',
    'posthog.capture(event="e", distinct_id="somebody", disable_geoip=False)',
    'posthog.capture("e", properties={"n": 1})',
    'posthog.capture("e", properties={"$process_person_profile": True})',
    'posthog.capture("e", distinct_id="")',
    'posthog.capture("e", distinct_id=7)',
    'posthog.set(distinct_id="somebody", properties={"plan": "free"})',
    'posthog.set(distinct_id="somebody", properties={})',
    'posthog.set(properties={"plan": "free"})',
    'posthog.set_once(distinct_id="somebody", properties={"plan": "free"}, timestamp=WHEN, uuid=UUID)',
    'posthog.alias("before", "after")',
    'posthog.alias("before", "after", WHEN, UUID)',
    'posthog.alias("", "after")',
    'posthog.alias("before", None)',
    'posthog.group_identify("company", "c", {"n": 1}, distinct_id="somebody")',
    'posthog.group_identify("company", "c", {"n": 1}, WHEN, UUID)',
    'posthog.group_identify("", "c")',
    """
with posthog.new_context():
    posthog.identify_context("in context"); posthog.set_context_session("session"); posthog.tag("outer", 1)
    posthog.capture("outside")
    with posthog.new_context():
        posthog.tag("inner", 2); posthog.tag("outer", 3)
        posthog.capture("inside", properties={"inner": 4})
        posthog.capture("inside", distinct_id="somebody", properties={"$session_id": "own"})
        posthog.set(properties={"plan": "free"})
        posthog.set_once(properties={"plan": "free"})
        posthog.alias("before", None)
        posthog.group_identify("company", "c")
    with posthog.new_context(fresh=True):
        posthog.tag("fresh", 5)
        posthog.capture("fresh")
    posthog.capture("outside again")
""",
    """
@posthog.scoped()
def function():
    posthog.tag("scoped", 1)
    posthog.capture("scoped", distinct_id="somebody")
function(); function()
""",
    "posthog.tag('nowhere', 1)",
    'posthog.capture("after", distinct_id="somebody")',
    "posthog.before_send = lambda message: None if message['event'] == 'dropped' else {**message, 'event': 'changed'}",
    'posthog.capture("e", distinct_id="somebody")',
    'posthog.capture("dropped", distinct_id="somebody")',
    "posthog.before_send = lambda m: m['$set'].pop('secret') and m if '$set' in m else m['properties'].pop('n') and m",
    'posthog.capture("e", distinct_id="somebody", properties={"n": 1, "m": 2})',
    'posthog.set(distinct_id="somebody", properties={"plan": "free", "secret": 1})',
    "posthog.before_send = None",
    "posthog.disabled = True",
    'posthog.capture("e", distinct_id="somebody")',
    'posthog.set(distinct_id="somebody", properties={"plan": "free"})',
    "posthog.disabled = False",
    "posthog.default_client.send = False; posthog.send = False",
    'posthog.capture("e", distinct_id="somebody")',
    "posthog.default_client.send = True; posthog.send = True",
    'posthog.capture("last", distinct_id="somebody")',
]


@pytest.fixture(autouse=True)
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time without a zone is UTC or local: here one sees which."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")


def ours(calls: list[str], server: Server, tmp_path: Path) -> Any:
    code = textwrap.dedent(
        PROGRAM.format(alias="import overt.posthog; sys.modules['posthog'] = overt.posthog", uuid=UUID)
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, server.url, json.dumps(calls)],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stderr
    return json.loads(answer.stdout)


def plain(event: dict[str, Any]) -> dict[str, Any]:
    """An event without what is left out of the comparison."""
    properties = {name: value for name, value in event["properties"].items() if name not in AMBIENT}
    properties |= {name: event[name] for name in ("$set", "$set_once") if name in event}
    for tagged in (properties, properties.get("$set", {}), properties.get("$set_once", {})):
        if "$context_tags" in tagged:
            tagged["$context_tags"] = sorted(tagged["$context_tags"])
    time = datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")).astimezone(timezone.utc)
    recent = abs(datetime.now(timezone.utc) - time) < timedelta(minutes=10)
    who = event["distinct_id"]
    is_made_up = (len(who) == len(UUID) and who != UUID) or who == "$company_c"
    return {
        "event": event["event"],
        "distinct_id": "made up" if is_made_up else who,
        "timestamp": "now" if recent else str(time),
        "properties": properties,
    }


def assert_alike(calls: list[str], version: str, server: Server, tmp_path: Path) -> None:
    real_answers = peers.run(version, PROGRAM.format(alias="", uuid=UUID), server.url, json.dumps(calls))
    real = [plain(event) for event in server.events]
    server.requests.clear()
    our_answers = ours(calls, server, tmp_path)
    mine = [plain(event) for event in server.events]
    evaluated = [call for call in calls if call.startswith("posthog.") and " = " not in call]
    told = dict(zip(enumerate(evaluated), zip(real_answers, our_answers, strict=True), strict=True))
    unlike = {call: answers for (_, call), answers in told.items() if not alike(*answers)}
    assert [call for call in unlike if call not in GOOD_IN_BOTH] == []
    assert all(answers[1] == "a uuid" for answers in unlike.values())
    assert len(real) > 20
    for one, other in zip(real, mine, strict=True):
        assert other == one


def alike(real: Any, ours: Any) -> bool:
    """Before 6, the message in an answer has to have the keys that every version has."""
    if isinstance(real, list) and isinstance(real[1], list):
        return isinstance(ours, list) and ours[0] == real[0] and {"event", "distinct_id"} <= {*ours[1]} & {*real[1]}
    return bool(real == ours)


def test_the_old_style_is_as_in_an_old_package(server: Server, tmp_path: Path) -> None:
    assert_alike(OLD, peers.OLD, server, tmp_path)


def test_the_new_style_is_as_in_the_newest_package(server: Server, tmp_path: Path) -> None:
    assert_alike(NEW, peers.NEWEST, server, tmp_path)


EXCEPTIONS = [
    """
def inner():
    raise KeyError("a secret")
try:
    try:
        inner()
    except KeyError as error:
        raise ValueError("another secret") from error
except ValueError as error:
    posthog.capture_exception(error, distinct_id="somebody", properties={"n": 1})
    posthog.capture_exception(error, distinct_id="somebody")
"""
]


@pytest.mark.parametrize("version", [peers.NEWEST])
def test_an_exception_has_its_classes_and_places_and_no_message(version: str, server: Server, tmp_path: Path) -> None:
    peers.run(version, PROGRAM.format(alias="", uuid=UUID), server.url, json.dumps(EXCEPTIONS))
    (real,) = server.events
    server.requests.clear()
    ours(EXCEPTIONS, server, tmp_path)
    (mine,) = server.events
    assert (mine["event"], mine["distinct_id"]) == (real["event"], real["distinct_id"])
    assert set(mine["properties"]) - AMBIENT == set(real["properties"]) - AMBIENT

    def seen(event: dict[str, Any]) -> list[Any]:
        chain = event["properties"]["$exception_list"]
        frames = [[(f["function"], f["lineno"], f["module"]) for f in one["stacktrace"]["frames"]] for one in chain]
        return [[one["type"] for one in chain], [one["module"] for one in chain], frames]

    assert seen(mine) == seen(real)
    assert "secret" in json.dumps(real)
    assert "secret" not in json.dumps(mine)
    assert str(tmp_path) not in json.dumps(mine)
