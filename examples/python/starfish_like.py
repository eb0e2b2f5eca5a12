"""A job like Starfish's: asynchronous tasks, and one structured event about them at the end.

`TELEMETRY_ENABLED=false` switches the event off. With `--die` the process kills itself right after the capture: the
event is safe, and the next run delivers it.
"""

import argparse
import asyncio
import os
import platform
import signal
import uuid
from collections import Counter

import overt

CONFIG = {"batch_size": 4, "target_count": 9, "dead_queue_threshold": 3, "max_concurrency": 3}
CONFIG |= {"task_runner_timeout": 60, "job_run_stop_threshold": 3}


async def task(number: int, gate: asyncio.Semaphore) -> str:
    async with gate:
        await asyncio.sleep(0)  # where a model would be asked
        return "filtered" if number % 5 == 4 else "completed"


async def job(inputs: int) -> Counter[str]:
    gate = asyncio.Semaphore(CONFIG["max_concurrency"])
    return Counter(await asyncio.gather(*(task(number, gate) for number in range(inputs))))


def main() -> None:
    parser = argparse.ArgumentParser(description="A job that reports on itself.")
    parser.add_argument("endpoint")
    parser.add_argument("api_key")
    parser.add_argument("--die", action="store_true", help="die by SIGKILL right after the capture")
    given = parser.parse_args()
    state_dir = os.environ.get("OVERT_DEMO_STATE")
    client = overt.Client(app="starfish", api_key=given.api_key, endpoint=given.endpoint, state_dir=state_dir)
    counts = asyncio.run(job(inputs=12))
    result = {
        "job_id": uuid.uuid4(),
        "target_reached": counts["completed"] >= CONFIG["target_count"],
        "run_mode": "NORMAL",
        "num_inputs": sum(counts.values()),
        "library_version": overt.__version__,
        "config": CONFIG,
        "count_summary": {outcome: counts[outcome] for outcome in ("completed", "failed", "filtered")},
        "run_time_platform": platform.system(),
    }
    recorded = client.capture_event("starfish_job", result)
    if given.die:
        os.kill(os.getpid(), signal.SIGKILL)
    print("recorded" if recorded else f"not recorded: {client.consent.reason}")
    client.close(timeout=5)


if __name__ == "__main__":
    main()
