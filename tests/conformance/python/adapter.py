"""The Python package behind the HTTP interface of tests/conformance/README.md. It ends when stdin does."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import overt

# Longer than any test is to wait.
FLUSH_MS = 60_000

Answer = tuple[int, dict[str, Any]]

SUCCESS: Answer = (200, {"success": True})


def failure(http_status: int, status: str, error: str | None = None) -> Answer:
    return http_status, {"success": False, "status": status, "error": error or status}


def mark(event: dict[str, Any]) -> dict[str, Any]:
    event["properties"]["marked"] = True
    return event


BEFORE_SEND = {None: None, "keep": lambda event: event, "drop": lambda _event: None, "mark": mark}


def options(body: dict[str, Any]) -> dict[str, Any]:
    """The body of ``/init`` as keywords of ``overt.Client``; None is what is not set."""
    as_they_are = (
        "api_key wire flush_at max_retries disable_geoip person_profiles historical_migration super_properties "
        "extra_headers max_event_bytes max_batch_bytes report_losses ack client_id_path client_id_key consent "
        "consent_path consent_key counters_path counters_endpoint"
    )
    times = ("flush_interval", "timeout", "response_wait", "counters_interval")
    seconds = {name: body[f"{name}_ms"] / 1000 for name in times if f"{name}_ms" in body}
    return {
        **{name: body.get(name) for name in as_they_are.split()},
        **seconds,
        "app_version": body.get("app_version", "1.2.3"),
        "endpoint": body.get("host"),
        "compression": body.get("compression", "gzip" if body.get("enable_compression") else None),
        "before_send": BEFORE_SEND[body.get("before_send")],
    }


class Adapter:
    """At most one client, and what is asked of it."""

    def __init__(self) -> None:
        self.client: overt.Client | None = None
        # The state directories of the clients that were given none.
        self.directories: list[str] = []

    def health(self, _body: dict[str, Any]) -> Answer:
        about = {"sdk_name": "overt", "sdk_version": overt.__version__, "adapter_version": "1", "language": "python"}
        return 200, about

    def init(self, body: dict[str, Any]) -> Answer:
        self.reset({})
        state_dir = body.get("state_dir")
        if state_dir is None:
            state_dir = tempfile.mkdtemp(prefix="overt-conformance-")
            self.directories.append(state_dir)
        try:
            self.client = overt.Client(app="conformance", state_dir=state_dir, **options(body))
        except overt.ConfigError as error:
            return failure(400, "invalid_config", str(error))
        return SUCCESS

    def reset(self, _body: dict[str, Any]) -> Answer:
        if self.client is not None:
            self.client.close()
        self.client = None
        return SUCCESS

    def capture(self, client: overt.Client, body: dict[str, Any]) -> Answer:
        more = {name: body.get(name) for name in ("distinct_id", "timestamp", "uuid", "options")}
        more["force"] = body.get("force", False)
        captured = client.capture(body.get("event", ""), body.get("properties"), **more)
        if captured:
            return 200, {"success": True, "uuid": captured.uuid}
        return failure(200 if captured.status in ("disabled", "dropped") else 400, captured.status, captured.reason)

    def record_command(self, client: overt.Client, body: dict[str, Any]) -> Answer:
        if client.record_command(body["path"], body["exit_code"]):
            return SUCCESS
        # Python is not told why; only whether it is that telemetry is off.
        return 200, {"success": False, "status": None if client.enabled else "disabled"}

    def counters(self, client: overt.Client, _body: dict[str, Any]) -> Answer:
        return 200, {"success": True, "counters": json.loads(client.counters() or "null")}

    def set_consent(self, client: overt.Client, body: dict[str, Any]) -> Answer:
        client.set_consent(body["enabled"])
        return SUCCESS

    def reset_client_id(self, client: overt.Client, _body: dict[str, Any]) -> Answer:
        client.reset_client_id()
        return SUCCESS

    def flush(self, client: overt.Client, body: dict[str, Any]) -> Answer:
        timeout = body.get("timeout_ms", FLUSH_MS) / 1000
        started = time.monotonic()
        if client.flush(timeout):
            return SUCCESS
        # Python is told only that not all was delivered; whether the time ended first, a clock says.
        return failure(200, "timeout" if time.monotonic() - started >= timeout else "undelivered")

    def state(self, client: overt.Client, _body: dict[str, Any]) -> Answer:
        stats = client.stats
        return 200, {
            "pending_events": stats.pending,
            "total_events_captured": stats.recorded,
            "total_events_sent": stats.delivered,
            "total_requests": stats.requests,
            "failures": stats.failures,
            "unconfirmed": stats.unconfirmed,
            "losses": client.losses(),
        }

    def answer(self, request: str, text: bytes) -> Answer:
        body = json.loads(text or b"{}")
        if not isinstance(body, dict):
            return failure(400, "invalid_argument", "the body is no JSON object")
        match request:
            case "GET /health":
                return self.health(body)
            case "POST /init":
                return self.init(body)
            case "POST /reset":
                return self.reset(body)
        of_client = {
            "POST /capture": self.capture,
            "POST /record_command": self.record_command,
            "GET /counters": self.counters,
            "POST /flush": self.flush,
            "GET /state": self.state,
            "POST /set_consent": self.set_consent,
            "POST /reset_client_id": self.reset_client_id,
        }
        if request not in of_client:
            return failure(404, "invalid_argument", "no such request")
        if self.client is None:
            return failure(409, "disabled", "/init comes first")
        return of_client[request](self.client, body)


def handler(adapter: Adapter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                status, body = adapter.answer(f"{self.command} {self.path}", text)
            except Exception as error:  # a judge is told, whatever it is
                status, body = failure(400, "invalid_argument", repr(error))
            answer = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_arguments: object) -> None:
            """Silent."""

    return Handler


def remove(directory: str) -> None:
    """Removes what a thread of overt's may still write to: it ends a moment after its client."""
    for _ in range(100):
        shutil.rmtree(directory, ignore_errors=True)
        if not os.path.exists(directory):
            break
        time.sleep(0.01)


def main() -> None:
    adapter = Adapter()
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT") or 0)), handler(adapter))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.buffer.read()
    adapter.reset({})
    for directory in adapter.directories:
        remove(directory)


if __name__ == "__main__":
    main()
