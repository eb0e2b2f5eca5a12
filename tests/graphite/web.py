#!/usr/bin/python3
"""Serves Debian's graphite-web on loopback: web.py PORT, with GRAPHITE_SETTINGS_MODULE on the path.

Debian has no server for it but Apache's; this one is the standard library's, a thread a request, because Carbon posts
tags while a page asks Carbon for values.
"""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # Restarted on the same port within seconds.
    allow_reuse_address = True


class Quiet(WSGIRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


if __name__ == "__main__":
    from django.core.management import call_command  # type: ignore[import-not-found]
    from graphite.wsgi import application  # type: ignore[import-not-found]

    call_command("migrate", run_syncdb=True, verbosity=0)
    make_server("127.0.0.1", int(sys.argv[1]), application, Server, Quiet).serve_forever()
