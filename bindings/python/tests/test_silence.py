"""Nothing is ever printed, whatever happens."""

from __future__ import annotations

from pathlib import Path

from conftest import RunPython
from recording import Server

EVERYTHING = """
    import atexit, threading, overt
    class Bad:
        def __str__(self): raise RuntimeError("loud")
        def __del__(self): pass
    def bad(*_): raise RuntimeError("loud")
    client = overt.Client(**options, flush_at=2, max_retries=0)
    for name in ("e", "", None, 7):
        client.capture_event(name, {"bad": Bad(), Bad(): 1}, uuid=Bad() if name == "e" else None)
    overt.Client(**options, before_send=bad).capture_event("e")
    overt.Client(**options, consent=bad).capture_event("e")
    overt.init(**options)
    overt.capture_event("e", {"nan": float("nan"), "deep": [[[]]]})
    overt.flush(0.1)
    client.set_consent(True), client.reset_client_id(), client.pending(), client.sent(), client.ledger, client.stats
    thread = threading.Thread(target=client.capture_event, args=("e",))
    thread.start(), thread.join()
    client.close(0.1)
"""


def test_nothing_is_printed(run_python: RunPython, server: Server) -> None:
    for statuses in ([200], [500], [400], [302]):
        server.statuses = statuses
        answer = run_python(EVERYTHING)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_nothing_is_printed_where_nothing_can_be_stored(run_python: RunPython, state_dir: Path) -> None:
    state_dir.write_text("in the way", encoding="utf-8")
    answer = run_python(EVERYTHING)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_nothing_is_printed_with_closed_descriptors(run_python: RunPython) -> None:
    answer = run_python("    import os; [os.close(n) for n in (0, 1, 2)]\n    options['debug'] = True\n" + EVERYTHING)
    assert (answer.stdout, answer.stderr) == ("", "")
    assert answer.returncode in (0, 120)  # 120: Python cannot flush its own stdout


def test_a_panic_is_not_printed_and_costs_the_event(run_python: RunPython) -> None:
    # A dict that grows as fast as it is looked at, its length unchanged, makes the native module's iterator panic.
    code = """
        import overt
        client = overt.Client(**options, background=False)
        class Moves:
            def __str__(self):
                del changing[next(iter(changing))]
                changing[str(len(moved))] = Moves()
                moved.append(self)
                return "moves"
        moved, changing = [], {"a": Moves()}
        assert client.capture_event("e", {"changing": changing}) is None
        assert len(moved) == 2, moved
        assert client.capture_event("next")
    """
    answer = run_python(code)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
