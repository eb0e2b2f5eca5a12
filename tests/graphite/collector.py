"""The real collector, writing to a Graphite once a second, and what a PACE CLI would post to it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import ClassVar

from live import wait_until

ROOT = Path(__file__).parents[2]
PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/overt-collector"

# Command path to exit code to count.
Points = dict[str, dict[int, int]]


class Collector:
    """Those that a failure leaves running are ended by `kill_all`."""

    running: ClassVar[list[Collector]] = []

    def __init__(self, db: Path, graphite: str, *options: str) -> None:
        self.db = db
        command = [str(PROGRAM), "serve", "--listen", "127.0.0.1:0", "--db", str(db)]
        command += ["--graphite", graphite, "--graphite-interval", "1", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.running.append(self)
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.url = line.removeprefix("listening on ").strip()

    def post(self, installation: str, version: str, system: str, points: Points) -> Posted:
        """As PACE does it; when it came, as exactly as can be said from here."""
        metric_points = {
            path: {str(code): {"cumulative_count": count} for code, count in codes.items()}
            for path, codes in points.items()
        }
        document = {
            "metric_points": metric_points,
            "cli_version": version,
            "operating_system": system,
            "id": installation,
        }
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/telemetry", json.dumps(document).encode(), headers)
        before = time.time()
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        after = time.time()
        assert (answer.status, body) == (200, b"OK"), (answer.status, body)
        return Posted(before, after)

    def recorded(self) -> int:
        """The last slot whose values it has written down, 0 if there is none."""
        with sqlite3.connect(f"file:{self.db}?mode=ro", uri=True) as db:
            row = db.execute("SELECT recorded FROM graphite_reach").fetchone()
        return row[0] if row else 0

    def wait_for_slot(self, after: float) -> int:
        """Waits until a slot was recorded that began after this time; which."""
        wait_until(lambda: self.recorded() > after, "the collector to record a slot")
        return self.recorded()

    def summary(self) -> dict[str, int]:
        out = subprocess.run([PROGRAM, "summary", "--json", "--db", self.db], check=True, capture_output=True)
        counters: dict[str, int] = json.loads(out.stdout)["counters"]
        return counters

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.running.remove(self)

    @classmethod
    def kill_all(cls) -> None:
        for collector in list(cls.running):
            collector.kill()


class Posted:
    """Between these two moments a document came."""

    def __init__(self, before: float, after: float) -> None:
        self.before, self.after = before, after
