"""Where the native module cannot be loaded there is a client that does nothing, not an error."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest

import overt
from conftest import RunPython
from overt import _noop

USE_ALL = """
    assert client.capture_event("e", {"n": 1}, distinct_id="d", timestamp="t", uuid="u", options={}, force=True) is None
    told = client.capture("e", {"n": 1}, distinct_id="d", timestamp="t", uuid="u", options={}, force=True)
    assert told == ("disabled", None, None) and not told
    assert client.flush(timeout=1) is True and client.flush() is True
    assert client.consent == (False, "unavailable") and not client.consent
    assert client.set_consent(True) == (False, "unavailable")
    assert client.client_id is None and client.reset_client_id() is None and client.paths is None
    assert client.stats == (0, 0, 0, 0, 0, 0, 0, 0, "none") and client.losses() == {}
    assert client.pending() == [] and client.sent() == [] and client.ledger == (0, 0, 0, 0, {}, 0)
    client.close()
    with client as same:
        assert same is client
    assert overt.init(**options) is not client
    assert overt.capture_event("e") is None and overt.flush() is True
    overt.shutdown()
    assert overt.__version__ and issubclass(overt.ConfigError, ValueError)
"""


def public(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if not name.startswith("_") or name == "__enter__"}


def test_both_clients_have_the_same_interface() -> None:
    ours, theirs = public(_noop.Client), public(overt.Client)
    assert sorted(ours) == sorted(theirs)
    for name, value in ours.items():
        assert callable(value) == callable(theirs[name]), name
        if callable(value):
            parameters = list(inspect.signature(value).parameters.values())[1:]
            natives = list(inspect.signature(theirs[name]).parameters.values())[1:]
            found = [(one.name, one.kind, one.default) for one in parameters]
            assert found == [(one.name, one.kind, one.default) for one in natives], name


def test_without_the_native_module(run_python: RunPython) -> None:
    hidden = "    import sys; sys.modules['overt._overt'] = None\n    import overt; client = overt.Client(**options)\n"
    answer = run_python(hidden + USE_ALL)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_the_command_says_what_is_missing(run_python: RunPython) -> None:
    answer = run_python("""
        import runpy, sys
        sys.modules["overt._overt"] = None
        sys.argv[1:] = ["status", "--app", "starfish"]
        runpy.run_module("overt", run_name="__main__")
    """)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "native module" in answer.stderr


@pytest.mark.parametrize("first", [True, False], ids=["after the main interpreter", "before it"])
def test_of_several_interpreters_one_has_the_native_module(run_python: RunPython, first: bool) -> None:
    name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    pytest.importorskip(name)
    inner = "import overt; client = overt.Client(**options); " + (
        "assert client.consent.reason == 'unavailable'" if first else ""
    )
    code = f"""
        import {name} as interpreters
        if {first}:
            import overt
            assert overt.Client(**options).capture_event("e")
        one = interpreters.create()
        failed = interpreters.run_string(one, f"options = {{options!r}}\\n" + {inner!r})
        assert failed is None, failed
        interpreters.destroy(one)
        import overt
        overt.Client(**options).capture_event("e")
    """
    answer = run_python(code)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
