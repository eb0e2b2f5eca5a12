"""A library that was written against posthog 3: the distinct ID stands first, and answers are pairs."""

import os

import posthog

KEY = "phc_pipelines"
HOST = os.environ.get("PIPELINES_HOST", "https://eu.i.posthog.com")
USER = "user of pipelines"


def clean(message):
    message["properties"].pop("path", None)
    return message


def run_with_a_client(steps):
    client = posthog.Posthog(project_api_key=KEY, host=HOST)
    client.before_send = clean  # posthog 3 does not look at it yet
    recorded, _message = client.capture(USER, "pipeline run", {"steps": steps, "path": "/home/somebody"})
    client.flush()
    return recorded


def run_with_the_module(steps):
    posthog.api_key, posthog.host = KEY, HOST
    recorded, _message = posthog.capture(USER, "pipeline run", {"steps": steps})
    return recorded
