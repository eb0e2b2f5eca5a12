"""A real Graphite for tests: Debian's carbon-cache and graphite-web, on free ports of loopback, in a place of its own.

It keeps a point a second, so that what takes minutes elsewhere takes seconds here.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
# How long to wait for what must happen; no test waits that long when all is well.
PATIENCE = 60.0
# Debian's Python, which has Debian's packages, whatever `python3` is on this machine.
PYTHON = "/usr/bin/python3"

CARBON = """
[cache]
STORAGE_DIR = {work}
LOCAL_DATA_DIR = {work}/whisper/
CONF_DIR = {work}/conf/
LOG_DIR = {work}/log/
PID_DIR = {work}/
USER =
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {lines}
ENABLE_UDP_LISTENER = False
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickles}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query}
MAX_CACHE_SIZE = inf
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
CARBON_METRIC_INTERVAL = 0
LOG_UPDATES = False
ENABLE_TAGS = True
TAG_UPDATE_INTERVAL = 1
GRAPHITE_URL = http://127.0.0.1:{web}
"""

SCHEMAS = """
[default]
pattern = .*
retentions = 1s:1h
"""

AGGREGATION = """
[default]
pattern = .*
xFilesFactor = 0
aggregationMethod = last
"""

SETTINGS = """
import os
SECRET_KEY = {secret!r}
GRAPHITE_ROOT = "/usr/share/graphite-web"
CONF_DIR = {work!r} + "/conf"
STORAGE_DIR = {work!r}
LOG_DIR = {work!r} + "/log"
WHISPER_DIR = {work!r} + "/whisper"
INDEX_FILE = {work!r} + "/index"
CARBONLINK_HOSTS = ["127.0.0.1:{query}"]
CARBONLINK_RETRY_DELAY = 0
TIME_ZONE = "UTC"
DEFAULT_CACHE_DURATION = 0
FIND_CACHE_DURATION = 0
TAGDB_CACHE_DURATION = 0
LOG_ROTATION = False
DATABASES = {{"default": {{
    "NAME": {work!r} + "/tags.db", "ENGINE": "django.db.backends.sqlite3", "OPTIONS": {{"timeout": 30}},
}}}}
"""

Series = dict[str, list[tuple[int, float | None]]]


class Graphite:
    """Its data stays in `work` over `kill` and `start`, as on a machine that is started again."""

    def __init__(self, work: Path) -> None:
        shutil.rmtree(work, ignore_errors=True)
        for part in ("conf", "log", "whisper"):
            (work / part).mkdir(parents=True)
        self.work = work
        lines, pickles, query, web = free_ports(4)
        self.lines, self.web = lines, web
        ports = {"lines": lines, "pickles": pickles, "query": query, "web": web}
        (work / "conf/carbon.conf").write_text(CARBON.format(work=work, **ports))
        (work / "conf/storage-schemas.conf").write_text(SCHEMAS)
        (work / "conf/storage-aggregation.conf").write_text(AGGREGATION)
        settings = SETTINGS.format(work=str(work), query=query, secret=secrets.token_hex())
        (work / "conf/overt_graphite.py").write_text(settings)
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def carbon_url(self) -> str:
        return f"tcp://127.0.0.1:{self.lines}"

    def start(self) -> None:
        """Returns when both take connections."""
        environment = os.environ | {
            "GRAPHITE_SETTINGS_MODULE": "overt_graphite",
            "DJANGO_SETTINGS_MODULE": "graphite.settings",
            "PYTHONPATH": str(self.work / "conf"),
            "PYTHONWARNINGS": "ignore",
        }
        config = str(self.work / "conf/carbon.conf")
        carbon = ["/usr/bin/carbon-cache", "--nodaemon", f"--config={config}", f"--logdir={self.work}/log", "start"]
        # A carbon that was killed leaves this behind, and would not start again.
        (self.work / "carbon-cache-a.pid").unlink(missing_ok=True)
        for name, command in (
            ("web", [PYTHON, str(HERE / "web.py"), str(self.web)]),
            ("carbon", [PYTHON, *carbon]),
        ):
            with (self.work / f"log/{name}.out").open("ab") as out:
                self.processes.append(subprocess.Popen(command, env=environment, stdout=out, stderr=out))
        for port in (self.web, self.lines):
            self.wait_for(port)

    def wait_for(self, port: int) -> None:
        wait_until(lambda: self.alive() and answers(port), f"Graphite's port {port}")

    def alive(self) -> bool:
        dead = [process.args for process in self.processes if process.poll() is not None]
        if dead:
            raise SystemExit(f"Graphite ended by itself, see {self.work}/log: {dead}")
        return True

    def kill(self) -> None:
        """SIGKILL: what Carbon had in memory is gone."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()

    def render(self, target: str, start: int, until: int) -> Series:
        """The points of each series after `start`, up to and with `until`."""
        query = {"target": target, "from": start, "until": until, "format": "json"}
        found = json.loads(self.get("/render", query))
        return {each["target"]: [(int(at), value) for value, at in each["datapoints"]] for each in found}

    def get(self, path: str, query: dict[str, object]) -> bytes:
        url = f"http://127.0.0.1:{self.web}{path}?{urllib.parse.urlencode(query, doseq=True)}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            body: bytes = answer.read()
        return body


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago: Carbon does not say which one it took if it is asked for any."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Asks again and again until it holds; a failure names what was waited for."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"graphite: waited {PATIENCE:.0f} s in vain for {what}")
        time.sleep(0.1)
