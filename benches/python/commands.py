"""What telemetry adds to a command of a click program, whatever the network does: the preset for AWS SAM CLI, beside a
`requests.post` with that tool's time limits and the posthog package.

In each round every program runs once, in turn, so that a machine that changes its pace changes it for all. Printed is
what it adds to the same command with telemetry off (for the peers: without them): the median of the differences in a
round, and the difference of the least times. Each condition keeps its files over all rounds, as a user's machine does.
Usage: commands.py PYTHON; needs click, requests and posthog in that Python.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from programs import answering, hanging, refusing, swallowing

ROUNDS = 41
PEER_ROUNDS = 2  # the posthog package takes a minute where the network hangs
SEQUENCES = 5
FOLLOWING = 5

TOOL = """
import sys, click
@click.group()
def cli(): pass
@cli.group()
def local(): pass
@local.command("start-api")
def start_api(): click.echo("served")
arguments = ["local", "start-api"]
"""
BARE = TOOL + "cli(arguments)"
OURS = (
    TOOL
    + """
from overt import presets
_, endpoint, app_dir, exit_timeout = sys.argv
telemetry = presets.aws_sam("1.0", prompt="told", endpoint=endpoint, app_dir=app_dir, exit_timeout=float(exit_timeout))
telemetry.instrument(cli)
cli(arguments)
"""
)
REQUESTS = (
    TOOL
    + """
try:
    cli(arguments)
finally:
    import requests
    try:
        requests.post(sys.argv[1], json={"metrics": [{"commandRun": {"exitCode": 0}}]}, timeout=(2, 0.1))
    except requests.exceptions.RequestException:
        pass
"""
)
POSTHOG = (
    TOOL
    + """
try:
    cli(arguments)
finally:
    import posthog
    client = posthog.Posthog("phc_bench", host=sys.argv[1])
    client.capture("commandRun", distinct_id="bench", properties={"exitCode": 0})
    client.shutdown()
"""
)


class Machine:
    """Runs programs as a user would, in a directory outside any repository unless another is said."""

    def __init__(self, python: str, work: Path) -> None:
        self._python, self._work = python, work
        self._project = work / "project"
        self._project.mkdir()

    def repository(self) -> Path:
        path = self._work / "repository"
        git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-C", str(path)]
        subprocess.run(["git", "init", "--quiet", str(path)], check=True)
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "first"], check=True)
        subprocess.run([*git, "remote", "add", "origin", "https://github.com/o/r"], check=True)
        return path

    def app_dir(self, name: str) -> str:
        """That of an installation that is not new."""
        path = self._work / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        known = {"installationId": "36be4c46-4e1b-431d-b9db-1b315f537a85", "telemetryEnabled": True}
        (path / "metadata.json").write_text(json.dumps(known))
        return str(path)

    def run(self, program: str, *arguments: str, off: bool = False, cwd: Path | None = None) -> float:
        """Milliseconds."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._work)}
        if off:
            environment["SAM_CLI_TELEMETRY"] = "0"
        begun = time.perf_counter()
        done = subprocess.run(
            [self._python, "-I", "-c", program, *arguments],
            env=environment,
            cwd=cwd or self._project,
            timeout=600,
            capture_output=True,
            check=False,
        )
        took = (time.perf_counter() - begun) * 1000
        if (done.returncode, done.stdout) != (0, b"served\n"):
            raise SystemExit(f"the program failed: {done.stderr.decode()}")
        return took


def say(what: str, times: list[tuple[float, float]]) -> None:
    """Each time with the one that it is compared with."""
    median = statistics.median(time - base for time, base in times)
    least = min(time for time, _ in times) - min(base for _, base in times)
    print(f"{what:<50}+{median:9.1f} ms   least {least:9.1f} ms", flush=True)


def main() -> None:
    python, work = sys.argv[1], Path(tempfile.mkdtemp(prefix="overt-bench-"))
    try:
        measure(Machine(python, work))
    finally:
        shutil.rmtree(work)


def measure(machine: Machine) -> None:
    arrived: list[bytes] = []
    hang, _hang_sockets = hanging()
    swallow, _swallow_sockets = swallowing()
    sinks = {"up": answering(arrived), "refused": refusing(), "never answers": hang, "packets dropped": swallow}
    off = ("http://127.0.0.1:9", machine.app_dir("off"), "0")

    def rounds(conditions: dict[str, tuple[str, ...]], count: int, cwd: Path | None = None) -> None:
        """Each a program and its arguments."""
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in conditions}
        for _ in range(count):
            ours, bare = machine.run(OURS, *off, off=True, cwd=cwd), machine.run(BARE, cwd=cwd)
            for name, program in conditions.items():
                found[name].append((machine.run(*program, cwd=cwd), ours if program[0] == OURS else bare))
        for name, times in found.items():
            say(name, times)

    for program in ((OURS, *off), (BARE,), (REQUESTS, sinks["up"]), (POSTHOG, sinks["up"])):
        machine.run(*program)
    bare = [machine.run(BARE) for _ in range(ROUNDS)]
    print(f"the command without any telemetry                  {statistics.median(bare):10.1f} ms")
    say("overt, off", [(machine.run(OURS, *off, off=True), machine.run(BARE)) for _ in range(ROUNDS)])

    print("over the same command with telemetry off:")
    rounds(
        {f"overt, {name}": (OURS, url, machine.app_dir(name), "0") for name, url in sinks.items()}
        | {f"requests, {name}": (REQUESTS, url) for name, url in sinks.items()}
        | {"import requests": (f"{TOOL}import requests\ncli(arguments)",)},
        ROUNDS,
    )
    where = machine.repository()
    rounds({"overt, up, in a repository": (OURS, sinks["up"], machine.app_dir("repository"), "0")}, ROUNDS, where)

    waits, delivered, waited = machine.app_dir("waits"), 0, []
    for _ in range(ROUNDS):
        before = len(arrived)
        waited.append((machine.run(OURS, sinks["up"], waits, "0.5"), machine.run(OURS, *off, off=True)))
        delivered += len(arrived) == before + 1
    say("overt, up, exit_timeout=0.5", waited)
    print(f"  delivered before the end: {delivered} of {ROUNDS}")
    for name in ("refused", "never answers", "packets dropped"):
        runs: list[list[tuple[float, float]]] = [[] for _ in range(FOLLOWING)]
        for _ in range(SEQUENCES):
            app_dir = machine.app_dir("sequence")
            for times in runs:
                base = machine.run(OURS, *off, off=True)
                times.append((machine.run(OURS, sinks[name], app_dir, "0.5"), base))
        for number, times in enumerate(runs, 1):
            say(f"overt, {name}, exit_timeout=0.5, run {number}", times)
    rounds({f"posthog, {name}": (POSTHOG, url) for name, url in sinks.items()}, PEER_ROUNDS)


if __name__ == "__main__":
    main()
