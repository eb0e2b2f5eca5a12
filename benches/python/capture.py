"""What capturing costs in Python, as multiples of W: one bare write(2) of the same bytes, O_APPEND, on the same disk.

W is timed through `os.write`, less what `os.write` itself costs on a file that takes nothing (`/dev/null`).
Usage: capture.py WORK_DIRECTORY
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import overt

ROUNDS = 41
CALLS = 2_000
JOB = {
    "job_id": "0b5ae1a2-7d6c-4a53-8c1d-0d7f0a6f1e11",
    "target_reached": True,
    "run_mode": "normal",
    "num_inputs": 100,
    "library_version": "0.4.2",
    "config": {
        "batch_size": 10,
        "target_count": 100,
        "dead_queue_threshold": 3,
        "max_concurrency": 10,
        "task_runner_timeout": 60,
        "job_run_stop_threshold": 3,
    },
    "error_summary": {"TimeoutError": 2},
    "count_summary": {"completed": 98, "failed": 2, "filtered": 0},
    "run_time_platform": "Linux",
}


def timed(call: Callable[[], object], calls: int = CALLS) -> float:
    """Nanoseconds a call, the loop's own cost taken off."""
    begun = time.perf_counter_ns()
    for _ in range(calls):
        call()
    middle = time.perf_counter_ns()
    for _ in range(calls):
        pass
    end = time.perf_counter_ns()
    return ((middle - begun) - (end - middle)) / calls


def main() -> None:
    work = Path(sys.argv[1])

    def client(name: str, consent: bool) -> overt.Client:
        return overt.Client(
            app="bench",
            app_version="1.0",
            api_key="phc_bench",
            endpoint="http://127.0.0.1:9",
            state_dir=work / name,
            consent=consent,
            flush_at=2**32 - 1,
            flush_interval=3600.0,
            max_spool_events=10_000_000,
            max_spool_bytes=10_000_000_000,
        )

    on, off = client("on", True), client("off", False)
    begun = time.perf_counter_ns()
    on.capture_event("starfish_job", JOB)
    print(f"first capture of the process   {(time.perf_counter_ns() - begun) / 1000:9.1f} µs")
    line = b"x" * (len(on.pending()[0].encode()) + 1)
    print(f"one event: {len(line)} bytes")

    file = os.open(work / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open("/dev/null", os.O_WRONLY)
    bare = lambda: os.write(file, line)
    nothing = lambda: os.write(null, line)
    ours = lambda: on.capture_event("starfish_job", JOB)
    rounds = [(timed(bare) - timed(nothing), timed(ours)) for _ in range(ROUNDS)]
    ratio = statistics.median(own / w for w, own in rounds)
    w, own = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"capture, nested dict           {own:9.1f} ns = {ratio:.2f} W   (W = {w:.1f} ns)")
    disabled = statistics.median(timed(lambda: off.capture_event("starfish_job", JOB)) for _ in range(ROUNDS))
    print(f"capture, disabled              {disabled:9.1f} ns")


if __name__ == "__main__":
    main()
