"""Whole Python programs: what telemetry adds to one, whatever the network does.

Each program is run in turn with the others, so that a machine that changes its pace changes it for all; medians of the
differences to bare Python are printed. The posthog package is the peer where it is installed.
Usage: programs.py PYTHON WORK_DIRECTORY
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

ROUNDS = 15
PEER_ROUNDS = 3
PEER_LIMIT = 100  # seconds

BARE = "pass"
IMPORT = "import overt"
OURS = """
import overt, sys
client = overt.Client(app="bench", api_key="phc_bench", endpoint=sys.argv[1], state_dir=sys.argv[2], consent=True)
client.capture_event("run", {"command": "bench", "exit_code": 0})
"""
PEER_IMPORT = "import posthog"
PEER = """
import posthog, sys
client = posthog.Posthog("phc_bench", host=sys.argv[1])
client.capture("run", distinct_id="bench", properties={"command": "bench", "exit_code": 0})
client.shutdown()
"""


def answering(requests: list[bytes] | None = None) -> str:
    """A server that says 200 to every request, and keeps how each begins."""

    def serve(listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                request = connection.recv(1 << 20)
                if requests is not None:
                    requests.append(request)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            except OSError:
                pass

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def refusing() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def hanging() -> tuple[str, socket.socket]:
    """Accepts, and never answers."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    return f"http://127.0.0.1:{listener.getsockname()[1]}", listener


def swallowing() -> tuple[str, list[socket.socket]]:
    """Drops packets: a listener whose queue is full answers no connection request."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
        waiting.append(client)
    time.sleep(0.2)
    return f"http://127.0.0.1:{listener.getsockname()[1]}", [listener, *waiting]


def run(python: str, program: str, *arguments: str) -> float:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    begun = time.perf_counter()
    try:
        done = subprocess.run(
            [python, "-I", "-c", program, *arguments],
            env=environment,
            timeout=PEER_LIMIT,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return float("inf")
    if done.returncode != 0:
        raise SystemExit(f"the program failed: {done.stderr.decode()}")
    return time.perf_counter() - begun


def added(python: str, program: str, rounds: int, *arguments: str) -> float:
    """Milliseconds over bare Python, as the median of the differences in turn."""
    run(python, program, *arguments)
    differences = []
    for _ in range(rounds):
        bare = run(python, BARE)
        differences.append(run(python, program, *arguments) - bare)
    return statistics.median(differences) * 1000


def resident_kib(python: str, program: str, *arguments: str) -> tuple[int, int]:
    """All that is mapped in, and what of it is not a file's."""
    show = "\nimport re; print(*re.findall(r'(?:VmRSS|RssAnon):\\s+(\\d+)', open('/proc/self/status').read()))"
    done = subprocess.run([python, "-I", "-c", program + show, *arguments], capture_output=True, text=True, check=True)
    resident, anonymous = map(int, done.stdout.split())
    return resident, anonymous


def main() -> None:
    python, work = sys.argv[1], Path(sys.argv[2])
    peer = subprocess.run([python, "-c", PEER_IMPORT], capture_output=True, check=False).returncode == 0
    hang, _hang_sockets = hanging()
    swallow, _swallow_sockets = swallowing()
    sinks = {"up": answering(), "refused": refusing(), "never answers": hang, "packets dropped": swallow}

    def state() -> str:
        path = work / "state"
        shutil.rmtree(path, ignore_errors=True)
        return str(path)

    print(
        f"bare Python                    {statistics.median(run(python, BARE) for _ in range(ROUNDS)) * 1000:9.1f} ms"
    )
    print(f"import overt                  +{added(python, IMPORT, ROUNDS):9.2f} ms")
    if peer:
        print(f"import posthog                +{added(python, PEER_IMPORT, PEER_ROUNDS):9.2f} ms")
    bare, ours = resident_kib(python, "import re"), resident_kib(python, OURS, sinks["refused"], state())
    memory, own = (after - before for before, after in zip(bare, ours, strict=True))
    print(f"resident memory               +{memory:9d} KiB after one event, {own} KiB of it not the library's file")
    for name, url in sinks.items():
        print(f"one event, sink {name:<14}+{added(python, OURS, ROUNDS, url, state()):9.2f} ms", flush=True)
        if peer:
            print(f"  posthog, sink {name:<14}+{added(python, PEER, PEER_ROUNDS, url):9.2f} ms", flush=True)


if __name__ == "__main__":
    main()
