"""What `debug` says: on stderr alone, and never a key, a header's value or anything of an event."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import RunPython
from recording import Server

# Every text that a caller can give, in calls that work and in calls that do not.
EVERYTHING = """
    import overt, sys
    options["api_key"] = "phc_SECRET"
    def answer(event):
        return replies.pop() if replies else event
    replies = [{"event": ["SECRET"], "SECRET": 1}, {"event": "e", "uuid": "SECRET"}, "SECRET", '{"SECRET":1}', 7, None]
    client = overt.Client(
        **options, extra_headers={"X-Token": "SECRET"}, super_properties={"SECRET": "SECRET"}, max_retries=0,
        before_send=answer, wire=WIRE,
    )
    client.capture_event("SECRET", {"SECRET": ["SECRET"]}, distinct_id="SECRET", options={"session_id": "SECRET"})
    for _ in range(len(replies) + 1):
        client.capture_event("SECRET", {"SECRET": {"SECRET": "SECRET"}})
    for wrong in (
        {"uuid": "SECRET"}, {"timestamp": "SECRET"}, {"distinct_id": "SECRET" * 99},
        {"options": {"process_person_profile": "SECRET, expected SECRET"}},
        {"options": {"product_tour_id": ["SECRET"]}}, {"options": "SECRET"}, {"properties": "SECRET"},
        {"properties": {"long": "SECRET" * 99999}},
    ):
        assert client.capture_event("SECRET", **wrong) is None, wrong
    assert client.capture_event("SECRET" * 99) is None
    client.flush(60)
    client.set_consent(True)
    client.reset_client_id()
    client.capture_event("SECRET")
    print(repr(client), client.stats, client.consent, client.losses(), client.ledger)
    client.close(60)
"""


@pytest.mark.parametrize("statuses", [[200], [401], [503]])
@pytest.mark.parametrize("wire", ["posthog", "posthog-v1"])
@pytest.mark.parametrize("asked", ["debug", "OVERT_DEBUG"])
def test_it_says_what_is_done_and_nothing_of_what_it_is_done_with(
    run_python: RunPython, server: Server, state_dir: Path, statuses: list[int], wire: str, asked: str
) -> None:
    server.statuses = statuses
    code = EVERYTHING.replace("WIRE", repr(wire))
    if asked == "debug":
        answer = run_python("    options['debug'] = True\n" + code)
    else:
        answer = run_python(code, OVERT_DEBUG="1")
    assert answer.returncode == 0, answer.stderr
    lines = answer.stderr.splitlines()
    assert any(f"status {statuses[0]}" in line for line in lines), lines
    assert any("capture_event: " in line for line in lines), lines
    assert all(line.startswith("overt: ") for line in lines), lines
    assert answer.stdout.count("\n") == 1, "what the program itself prints"
    assert "SECRET" not in answer.stdout + answer.stderr
    assert "phc_" not in answer.stdout + answer.stderr
    status = [sys.executable, "-m", "overt", "status", "--app", "starfish", "--state-dir", str(state_dir)]
    for words in (status, [*status, "--json"]):
        told = subprocess.run(words, capture_output=True, text=True, check=True)
        assert "starfish" in told.stdout
        assert "SECRET" not in told.stdout + told.stderr


def test_nobody_is_told_who_has_not_asked(run_python: RunPython) -> None:
    for value in ("", "0", "true"):
        answer = run_python(EVERYTHING.replace("WIRE", "'posthog'"), OVERT_DEBUG=value)
        assert (answer.returncode, answer.stderr) == (0, "")
