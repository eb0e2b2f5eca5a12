"""``python -m overt``: see, trust and stop the telemetry of a tool that uses overt."""

from __future__ import annotations

import argparse
import os
import signal
import sys

VERBS = {
    "status": "is telemetry on, and why? What waits, what was sent, where is it kept? Changes nothing",
    "on": "switch telemetry on",
    "off": "switch telemetry off, and erase the client ID and every event that waits",
    "show": "print the events that wait and the last ones that were sent, exactly as they are sent. Changes nothing",
    "flush": "send now what waits; the exit code is 1 if something is left",
    "reset": "get a new client ID, and erase every event that waits",
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m overt", description=__doc__.partition(": ")[2].capitalize())
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, meaning in VERBS.items():
        one = verbs.add_parser(verb, help=meaning, description=meaning.capitalize())
        one.add_argument("--app", required=True, metavar="NAME", help="the tool's name")
        one.add_argument("--state-dir", metavar="DIR", help="the tool's state directory, if not at the usual place")
        one.add_argument("--json", action="store_true", help="answer with one JSON object, for programs")
        if verb == "flush":
            one.add_argument("--timeout", type=float, metavar="SECONDS", help="how long this may take")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    try:
        from overt._overt import command
    except ImportError as error:
        sys.stderr.write(f"overt: the native module cannot be loaded: {error}\n")
        return 1
    # This process is ours alone: Ctrl-C ends it at once, as it does any other command that waits.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    timeout = getattr(given, "timeout", None)
    exit_code, out, err = command(given.verb, given.app, given.state_dir, json=given.json, timeout=timeout)
    try:
        for stream, text in ((sys.stdout.buffer, out), (sys.stderr.buffer, err)):
            stream.write(text.encode())  # UTF-8 whatever the locale: these are the bytes that are sent
            stream.flush()
    except BrokenPipeError:
        # Whoever read has enough; the interpreter must not try again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
