"""A data job as Starfish runs them: asynchronous tasks that may fail, and one event about all of it at the end.

`TELEMETRY_ENABLED=false` switches the event off. With `--die` the process kills itself right after the capture: the
event is safe, and the next run delivers it.
"""

import argparse
import asyncio
import os
import signal
import uuid
from collections import Counter, defaultdict

import overt
from overt.analytics import AnalyticsConfig, AnalyticsService, Event

CONFIG = {
    "batch_size": 4,
    "target_count": 9,
    "dead_queue_threshold": 3,
    "max_concurrency": 3,
    "task_runner_timeout": 60,
    "job_run_stop_threshold": 3,
}


async def generate(number: int) -> str:
    """One record; where a model would be asked. Some are no good, some fail with what is nobody else's business."""
    await asyncio.sleep(0)
    if number % 7 == 5:
        raise TimeoutError(f"https://user:secret@models.example/{number} did not answer")
    return "filtered" if number % 5 == 4 else "completed"


async def job(inputs: int) -> tuple["Counter[str]", "defaultdict[str, list[tuple[int, int]]]"]:
    """How tasks ended; and by class of exception, never by its message, which (task, attempt) failed."""
    gate = asyncio.Semaphore(CONFIG["max_concurrency"])
    outcomes = Counter(completed=0, failed=0, filtered=0)
    errors: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)

    async def task(number: int) -> None:
        async with gate:
            try:
                outcomes[await asyncio.wait_for(generate(number), CONFIG["task_runner_timeout"])] += 1
            except Exception as error:
                outcomes["failed"] += 1
                errors[type(error).__name__].append((number, 1))

    await asyncio.gather(*(task(number) for number in range(inputs)))
    return outcomes, errors


def telemetry_data(outcomes: "Counter[str]", errors: "defaultdict[str, list[tuple[int, int]]]") -> dict[str, object]:
    return {
        "job_id": uuid.uuid4(),
        "target_reached": outcomes["completed"] >= CONFIG["target_count"],
        "run_mode": "NORMAL",
        "num_inputs": outcomes.total(),
        "library_version": overt.__version__,
        "config": CONFIG,
        "error_summary": errors,
        "count_summary": outcomes,
        "run_time_platform": overt.environment()["run_time_platform"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="A job that reports on itself.")
    parser.add_argument("endpoint")
    parser.add_argument("api_key")
    parser.add_argument("--die", action="store_true", help="die by SIGKILL right after the capture")
    given = parser.parse_args()

    state_dir = os.environ.get("OVERT_DEMO_STATE")
    analytics = AnalyticsService(AnalyticsConfig(given.api_key, endpoint=given.endpoint, state_dir=state_dir))
    outcomes, errors = asyncio.run(job(inputs=13))
    analytics.capture_event(Event(name="starfish_job", data=telemetry_data(outcomes, errors)))
    if given.die:
        os.kill(os.getpid(), signal.SIGKILL)
    print(f"{outcomes['completed']} completed, {outcomes['failed']} failed, {outcomes['filtered']} filtered")
    consent = analytics.client.consent
    print("the event is recorded" if consent else f"no event: {consent.reason}")
    analytics.client.close(timeout=5)


if __name__ == "__main__":
    main()
