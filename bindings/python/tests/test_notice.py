"""The first-run notice, on a real terminal: once, before anything is recorded."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import IO

from conftest import KEPT, RunPython
from recording import Server

NOTICE = "starfish counts its runs. STARFISH_TELEMETRY=0 stops it."

PROGRAM = """
import overt
client = overt.Client(**{options!r})
client.capture_event("run")
client.flush(60)
print(client.consent.reason)
"""


def options(server: Server, state_dir: Path) -> dict[str, object]:
    usual = {"app": "starfish", "api_key": "phc_test", "endpoint": server.url, "state_dir": str(state_dir)}
    return {**usual, "consent_env": "STARFISH_TELEMETRY", "notice": NOTICE}


def at_a_terminal(server: Server, state_dir: Path, **environment: str) -> tuple[str, str]:
    """What a run says on stdout, a pipe, and on stderr, a terminal."""
    return run_at_a_terminal(PROGRAM.format(options=options(server, state_dir)), **environment)


def run_at_a_terminal(code: str, **environment: str) -> tuple[str, str]:
    ours, theirs = pty.openpty()
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    ran = subprocess.run(
        [sys.executable, "-c", code], env={**kept, **environment}, stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    os.close(theirs)
    assert ran.returncode == 0
    seen = b""
    try:
        while block := os.read(ours, 4096):
            seen += block
    except OSError:  # Linux's way to say that the other side is closed
        pass
    os.close(ours)
    return ran.stdout.strip(), seen.decode().replace("\r\n", "\n").strip()


def test_it_is_shown_once_and_then_the_default_counts(server: Server, state_dir: Path) -> None:
    assert at_a_terminal(server, state_dir) == ("default", NOTICE)
    assert at_a_terminal(server, state_dir) == ("default", "")
    assert server.names == ["run", "run"]


def test_while_nobody_can_see_it_nothing_is_recorded(server: Server, state_dir: Path, run_python: RunPython) -> None:
    answer = run_python(PROGRAM.format(options=options(server, state_dir)))
    assert (answer.stdout, answer.stderr) == ("no_notice\n", "")
    assert at_a_terminal(server, state_dir, CI="true") == ("ci", "")
    assert not server.requests
    assert not state_dir.exists()


def test_who_has_said_something_is_told_nothing(server: Server, state_dir: Path) -> None:
    assert at_a_terminal(server, state_dir, STARFISH_TELEMETRY="0") == ("tool_variable", "")
    assert not state_dir.exists()
    assert at_a_terminal(server, state_dir, STARFISH_TELEMETRY="1") == ("tool_variable", "")
    assert server.names == ["run"]


# As AWS SAM CLI does it: a notice, `true` in its own file, and one event about the installation.
INSTALLS = """
import overt
client = overt.Client(**{options!r})
if client.notice_shown:
    client.capture_event("installed", {{"telemetryEnabled": True}})
client.capture_event("commandRun")
client.flush(60)
print(client.consent.reason, client.notice_shown)
"""


def sam(server: Server, state_dir: Path, metadata: Path) -> dict[str, object]:
    return {
        "app": "sam",
        "wire": "aws-sam",
        "endpoint": server.url,
        "state_dir": str(state_dir),
        "notice": NOTICE,
        "consent_env": "SAM_CLI_TELEMETRY=1",
        "client_id_path": str(metadata),
        "client_id_key": "installationId",
        "consent_path": str(metadata),
        "consent_key": "telemetryEnabled",
    }


def metrics(server: Server) -> list[str]:
    return sorted(name for request in server.read_all() for metric in request.body["metrics"] for name in metric)


def test_in_a_file_of_the_tools_own_it_leaves_true_and_the_first_run_is_told(
    server: Server, state_dir: Path, tmp_path: Path
) -> None:
    metadata = tmp_path / "metadata.json"
    metadata.write_text('{"other": 1.50}')
    code = INSTALLS.format(options=sam(server, state_dir, metadata))
    assert run_at_a_terminal(code) == ("stored True", NOTICE)
    assert metrics(server) == ["commandRun", "installed"]
    assert metadata.read_text().startswith('{"other": 1.50, "telemetryEnabled": true, "installationId": "')
    assert run_at_a_terminal(code) == ("stored False", "")
    assert metrics(server) == ["commandRun", "commandRun", "installed"]


def test_off_in_a_file_of_the_tools_own_is_told_nothing_and_sends_nothing(
    server: Server, state_dir: Path, tmp_path: Path
) -> None:
    metadata = tmp_path / "metadata.json"
    code = INSTALLS.format(options=sam(server, state_dir, metadata))
    for text, reason in [('{"telemetryEnabled": false}', "stored"), ('{"telemetryEnabled": "true"}', "unreadable")]:
        metadata.write_text(text)
        assert run_at_a_terminal(code) == (f"{reason} False", "")
        assert metadata.read_text() == text
    metadata.unlink()
    assert run_at_a_terminal(code, SAM_CLI_TELEMETRY="0") == ("tool_variable False", "")
    assert not metadata.exists()
    assert not server.requests
    assert not state_dir.exists()


def test_a_tool_may_show_it_elsewhere_and_say_so_itself(
    server: Server, state_dir: Path, tmp_path: Path, run_python: RunPython
) -> None:
    metadata = tmp_path / "sam" / "metadata.json"
    shows = f"""
    import sys
    import overt
    client = overt.Client(**{sam(server, state_dir, metadata)!r})
    if client.consent.reason == "no_notice":
        print("told", file=sys.stderr)
        client.set_consent(True)
        client.capture_event("installed")
    client.flush(60)
    """
    assert run_python(shows).stderr == "told\n"
    assert run_python(shows).stderr == ""
    assert metrics(server) == ["installed"]
    assert '"telemetryEnabled": true' in metadata.read_text()


SAYS = """
import overt
client = overt.Client(**{options!r})
print(client.consent.reason, client.notice_shown)
"""


def says(server: Server, state_dir: Path, stderr: int | IO[str], ci: str | None = None, **more: bool) -> str:
    """What a run says that shows its notice anywhere."""
    code = SAYS.format(options={**options(server, state_dir), "notice_anywhere": True, **more})
    kept = {name: os.environ[name] for name in KEPT if name in os.environ} | ({} if ci is None else {"CI": ci})
    ran = subprocess.run(
        [sys.executable, "-c", code], env=kept, stdout=subprocess.PIPE, stderr=stderr, text=True, timeout=120
    )
    assert ran.returncode == 0
    return ran.stdout + (ran.stderr or "")


def test_anywhere_it_is_shown_in_a_pipe_and_a_file(server: Server, state_dir: Path, tmp_path: Path) -> None:
    assert says(server, state_dir, subprocess.PIPE) == f"default True\n{NOTICE}\n"
    assert says(server, state_dir, subprocess.PIPE) == "default False\n"
    with (tmp_path / "log").open("w") as log:
        assert says(server, tmp_path / "other", log) == "default True\n"
    assert (tmp_path / "log").read_text() == f"{NOTICE}\n"


def test_anywhere_is_not_where_it_is_lost(server: Server, state_dir: Path) -> None:
    assert says(server, state_dir, subprocess.DEVNULL) == "no_notice False\n"
    given = {**options(server, state_dir), "notice_anywhere": True}
    code = SAYS.format(options="OPTIONS").replace("'OPTIONS'", "json.loads(sys.argv[1])")
    ran = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", f"import json, sys{code}", json.dumps(given)],
        env={name: os.environ[name] for name in KEPT if name in os.environ},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert ran.stdout == "no_notice False\n"
    assert not state_dir.exists()


def test_anywhere_it_is_shown_in_ci_to_whom_the_default_counts_there(server: Server, state_dir: Path) -> None:
    assert says(server, state_dir, subprocess.PIPE, ci="true") == "ci False\n"
    assert says(server, state_dir, subprocess.PIPE, ci="true", in_ci=True) == f"default True\n{NOTICE}\n"
