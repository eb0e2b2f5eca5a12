"""A server that records what it gets and answers as it is told."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Server:
    """`statuses` are the answers to come, the last one for ever; while `gate` is cleared none is given."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.statuses = [200]
        self.gate = threading.Event()
        self.gate.set()
        self.got = threading.Condition()
        self._arriving: set[Any] = set()
        recorder = self

        class Recorder(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    raw = gzip.decompress(raw)
                status = recorder.record(Request(self.path, dict(self.headers), json.loads(raw)))
                recorder._has_come(self.client_address)
                recorder.gate.wait(600)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                self.send_error(204)

            def finish(self) -> None:
                recorder._has_come(self.client_address)
                super().finish()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        class Accepting(ThreadingHTTPServer):
            def process_request(self, request: Any, client_address: Any) -> None:
                with recorder.got:
                    recorder._arriving.add(client_address)
                super().process_request(request, client_address)

        self._http = Accepting(("127.0.0.1", port), Recorder)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def record(self, request: Request) -> int:
        with self.got:
            self.requests.append(request)
            self.got.notify_all()
            return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    def _has_come(self, sender: object) -> None:
        with self.got:
            self._arriving.discard(sender)
            self.got.notify_all()

    def read_all(self) -> list[Request]:
        """The requests, with those that were sent before this call but not read yet: who has sent one need not wait for
        an answer."""
        connection = HTTPConnection("127.0.0.1", self._http.server_address[1])
        connection.request("GET", "/")  # connections are accepted in their order
        connection.getresponse()
        connection.close()
        with self.got:
            assert self.got.wait_for(lambda: not self._arriving, timeout=30), self._arriving
        return self.requests

    def wait_for(self, events: int) -> list[dict[str, Any]]:
        """The events of all requests, as soon as there are so many."""
        with self.got:
            assert self.got.wait_for(lambda: len(self.events) >= events, timeout=30), self.events
        return self.events

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for request in self.requests for event in request.body["batch"]]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    def close(self) -> None:
        self.gate.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def swallowing(port: int = 0) -> Iterator[int]:
    """A port at which packets are dropped: a listener whose queue is full answers no connection request."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=0))
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
