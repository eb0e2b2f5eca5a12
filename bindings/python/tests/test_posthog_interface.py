"""Every public name of the real packages is there and takes what they take, but for a few deliberate absences."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest

import overt.posthog
import peers
from conftest import RunPython

# Names that are not there, and why. docs/posthog.md says the same.
ABSENT = {
    "inner_": "how posthog's own module imports its contexts",
    "DEFAULT_CODE_VARIABLES_": "what to leave out of the values of variables, which are never captured",
    "emails": "sends e-mail; to do nothing would be to lose it",
    "queue": "a part of posthog's delivery, as the next one",
    "consumers": "threads that send",
}

# What the real package has: its functions and methods with their parameters, its classes, its settings.
LOOK = """
    import asyncio, inspect, json, types, posthog
    try:
        import httpx
    except ImportError:
        pass
    def parameters(value):
        return [[p.name, p.kind.name, p.default is p.empty] for p in inspect.signature(value).parameters.values()]
    def members(of, skip):
        found = {"functions": {}, "classes": [], "values": []}
        for name, value in vars(of).items() if inspect.ismodule(of) else inspect.getmembers(of):
            if name.startswith("_") or inspect.ismodule(value) or getattr(value, "__module__", "") in skip:
                continue
            if inspect.isclass(value):
                found["classes"].append(name)
            elif inspect.isroutine(value):
                found["functions"][name] = parameters(value)
            else:
                found["values"].append(name)
        return found
    skip = ("typing", "typing_extensions", "posthog.typing")
    found = {"module": members(posthog, skip), "Posthog": members(posthog.Posthog, ())}
    found["Posthog"]["functions"]["__init__"] = parameters(posthog.Posthog)
    if hasattr(posthog, "AsyncPosthog"):
        found["AsyncPosthog"] = members(posthog.AsyncPosthog, ())
    for name in ("Span", "FeatureFlagEvaluations"):
        if hasattr(posthog, name):
            found[name] = members(getattr(posthog, name), ())
    print(json.dumps(found))
"""

DUMMIES: dict[str, Any] = {
    "distinct_id": "somebody",
    "event": "e",
    "name": "n",
    "key": "k",
    "keys": ["k"],
    "properties": {"n": 1},
    "context": {},
    "groups": {"company": "c"},
    "group_type": "company",
    "group_key": "c",
    "previous_id": "before",
    "session_id": "s",
    "device_id": "d",
    "exception": ValueError("x"),
    "url": "https://x",
    "value": 1,
}


@pytest.fixture(scope="module", params=peers.VERSIONS)
def real(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = peers.run(request.param, LOOK)
    return found


def is_absent(name: str) -> bool:
    return any(name.startswith(absent) for absent in ABSENT)


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> None:
    """No event is wanted: what is looked at is whether the calls are taken."""
    monkeypatch.setattr(overt.posthog, "disabled", True)


def test_the_version_is_that_of_the_newest_peer() -> None:
    assert overt.posthog.VERSION == overt.posthog.__version__ == peers.NEWEST


def ours(owner: str) -> Any:
    return {
        "module": overt.posthog,
        "Posthog": overt.posthog.Posthog("phc_test", disabled=True),
        "AsyncPosthog": overt.posthog.AsyncPosthog("phc_test", disabled=True),
        "Span": overt.posthog.Span(),
        "FeatureFlagEvaluations": overt.posthog.FeatureFlagEvaluations(),
    }[owner]


def test_every_public_name_is_there(real: dict[str, Any]) -> None:
    missing = [
        f"{owner}.{name}"
        for owner, members in real.items()
        for name in [*members["functions"], *members["classes"], *members["values"]]
        if not is_absent(name) and not hasattr(ours(owner), name)
    ]
    assert missing == []


def test_no_absence_is_listed_that_is_none() -> None:
    assert [name for name in ABSENT if hasattr(overt.posthog, name) or hasattr(overt.posthog.Posthog, name)] == []


Parameters = list[tuple[str, str, bool]]  # name, kind, whether it is required


def in_order(parameters: Parameters) -> tuple[list[str], int]:
    """Those that can be given by position, and how many must be given."""
    own = [one for one in parameters if one[1].startswith("POSITIONAL") and one[0] != "self"]
    return [name for name, _, _ in own], sum(required for _, _, required in own)


def by_name(parameters: Parameters) -> list[str]:
    return [name for name, kind, _ in parameters if not kind.startswith("VAR_") and name != "self"]


def call(function: Callable[..., Any], *args: Any, **named: Any) -> None:
    answer = function(*args, **named)
    if inspect.iscoroutine(answer):
        asyncio.run(answer)


@pytest.mark.usefixtures("off")
def test_every_function_takes_the_parameters_of_the_real_one(real: dict[str, Any]) -> None:
    for owner, members in real.items():
        for name, parameters in members["functions"].items():
            if is_absent(name):
                continue
            function = type(ours(owner)) if name == "__init__" else getattr(ours(owner), name)
            given = {one: DUMMIES.get(one) for one in by_name(parameters)}
            order, required = in_order(parameters)
            try:
                call(function, **given)
                if any(kind == "VAR_KEYWORD" for _, kind, _ in parameters):
                    call(function, **given, unknown=1)
                for count in range(required, len(order) + 1):
                    call(function, *(DUMMIES.get(one) for one in order[:count]))
            except TypeError as error:
                pytest.fail(f"{owner}.{name}: {error}")


IMPORTS = """
    import overt.posthog, sys
    sys.modules["posthog"] = overt.posthog
    import posthog, posthog.client, posthog.contexts, posthog.request, posthog.scopes, posthog.types, posthog.version
    from posthog import Client, Posthog, capture
    from posthog.client import Client as SameClient
    from posthog.contexts import new_context
    assert posthog is overt.posthog and SameClient is Client and new_context is posthog.new_context
    assert posthog.types.FeatureFlag is posthog.FeatureFlag and posthog.version.VERSION == posthog.VERSION
    assert posthog.request.QuotaLimitError(429, "no").status == 429
    with posthog.contexts.new_context():
        posthog.tag("k", 1)
        assert posthog.contexts.get_tags() == {"k": 1}
    for absent in ("ai", "ai.openai", "integrations.django", "sentry", "mcp"):
        try:
            __import__(f"posthog.{absent}")
        except ModuleNotFoundError:
            pass
        else:
            raise AssertionError(absent)
    print("ok")
"""


def test_programs_that_import_posthog_get_this_one(run_python: RunPython) -> None:
    answer = run_python(IMPORTS)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "ok\n", "")


def test_importing_it_loads_little(run_python: RunPython) -> None:
    answer = run_python("""
        import sys
        before = set(sys.modules)
        import overt.posthog
        print(sorted(name for name in set(sys.modules) - before if not name.startswith("overt")))
    """)
    usual = ["__future__", "_contextvars", "atexit", "contextvars", "types"]
    assert set(answer.stdout.strip("[]\n").replace("'", "").split(", ")) <= set(usual), answer.stdout


def test_a_name_that_posthog_does_not_have_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'typo'"):
        overt.posthog.typo  # type: ignore[attr-defined] # noqa: B018


def test_every_listed_name_exists() -> None:
    for name in overt.posthog.__all__:
        assert getattr(overt.posthog, name) is not None
    assert sys.modules["overt.posthog"] is overt.posthog
