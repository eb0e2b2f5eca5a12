"""Feature flags are unknown: the answers are those of the real package whose server is away, and nobody is asked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import peers
from overt.posthog import AsyncPosthog, FeatureFlagEvaluations, Posthog
from recording import Server

READS = [
    ["feature_enabled", "k", "d"],
    ["get_feature_flag", "k", "d"],
    ["get_feature_flag_payload", "k", "d"],
    ["get_feature_flag_result", "k", "d"],
    ["get_remote_config_payload", "k"],
    ["get_feature_flag_evaluation_runtime", "k"],
    ["get_feature_flag_keys_by_evaluation_runtime", "server"],
    ["get_all_flags", "d"],
    ["get_all_flags_and_payloads", "d"],
    ["get_feature_flags_and_payloads", "d"],
    ["get_feature_variants", "d"],
    ["get_feature_payloads", "d"],
    ["get_flags_decision", "d"],
    ["load_feature_flags"],
    ["feature_flag_definitions"],
]

REAL = """
    import json, logging, sys, posthog
    logging.disable(logging.CRITICAL)
    client = posthog.Posthog("phc_x", host="http://127.0.0.1:9", feature_flags_request_max_retries=0, sync_mode=True)
    print(json.dumps([getattr(client, name)(*arguments) for name, *arguments in json.loads(sys.argv[1])]))
"""


@pytest.fixture
def client(server: Server) -> Posthog:
    return Posthog("phc_x", server.url, secret_key="phx_x")


def test_the_answers_are_those_of_the_real_package_whose_server_is_away(client: Posthog, server: Server) -> None:
    ours = [getattr(client, name)(*arguments) for name, *arguments in READS]
    assert ours == peers.run(peers.NEWEST, REAL, json.dumps(READS))
    assert server.requests == []
    assert client._used() == {}


def test_the_module_answers_the_same(posthog: Any, client: Posthog, server: Server) -> None:
    for name, *arguments in READS:
        if hasattr(posthog, name):
            assert getattr(posthog, name)(*arguments) == getattr(client, name)(*arguments)
    assert server.requests == []


def test_a_snapshot_knows_no_flag_and_adds_nothing_to_an_event(posthog: Any, server: Server) -> None:
    flags = posthog.evaluate_flags("d", flag_keys=["k"])
    assert isinstance(flags, FeatureFlagEvaluations)
    assert (flags.is_enabled("k"), flags.is_enabled("k", True), flags.get_flag("k")) == (False, True, None)
    assert (flags.get_flag_payload("k"), flags.keys, dict(flags.unresolved_flags)) == (None, [], {})
    posthog.capture("e", distinct_id="d", flags=flags.only(["k"]).only_accessed(), send_feature_flags=True)
    posthog.flush()
    (event,) = server.events
    assert not any("feature" in name for name in event["properties"])
    assert [request.path for request in server.requests] == ["/batch/"]


def test_assigned_flags_are_ignored(client: Posthog) -> None:
    client.feature_flags = [{"key": "k", "active": True}]
    assert client.feature_flags == []
    assert client.get_feature_flag("k", "d") is None


def test_asynchronous_reads_are_awaited() -> None:
    client = AsyncPosthog("phc_x")
    assert asyncio.run(client.get_remote_config_payload("k")) is None
