"""A library that was written against posthog 6: the event stands first, and answers are UUIDs."""

import os

import posthog

KEY = "phc_prompts"
HOST = os.environ.get("PROMPTS_HOST", "https://us.i.posthog.com")
USER = "user of prompts"


def clean(message):
    return {**message, "properties": {**message["properties"], "text": "***"}}


def ask_with_a_client(text):
    client = posthog.Posthog(KEY, host=HOST, before_send=clean)
    uuid = client.capture("prompt", distinct_id=USER, properties={"text": text})
    client.flush()
    return uuid


def ask_with_the_module(text):
    posthog.project_api_key, posthog.host = KEY, HOST
    with posthog.new_context():
        posthog.identify_context(USER)
        return posthog.capture("prompt", properties={"length": len(text)})
