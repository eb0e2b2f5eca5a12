"""Counting commands: the file is one that PyYAML reads as it was meant, and what PyYAML writes is taken over."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

import overt
from conftest import MakeClient
from recording import Server

ID = "36be4c46-4e1b-431d-b9db-1b315f537a85"
# What some reader of YAML takes for something else unless it is quoted.
COMMANDS = [
    "pace get data-policy",
    "1.16",
    "1e5",
    "0x1f",
    "1:30",
    "2026-11-20",
    "null",
    "No",
    "y",
    "~",
    "a: b #c",
    "- x",
    "*a",
    "'q' \"r\" \\",
    " edge ",
    "größe \u2028 \U0001f600 \ufeff",
    "=",
    "<<",
    ".inf",
    "_1",
    "x" * 200,
]


@pytest.fixture
def counters_path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "telemetry.yaml"


def test_what_is_counted_stands_in_the_file(make_client: MakeClient, counters_path: Path) -> None:
    client = make_client(counters_path=counters_path, counters_interval=-1, app_version="1.16")
    for command in COMMANDS:
        assert client.record_command(command, 0) is True
        assert client.record_command(command, -2) is True
    points = {command: {0: {"cumulative_count": 1}, -2: {"cumulative_count": 1}} for command in COMMANDS}
    found = yaml.safe_load(counters_path.read_text(encoding="utf-8"))
    assert found == {
        "metric_points": points,
        "cli_version": "1.16",
        "operating_system": "linux",
        "id": client.client_id,
        "schema": 1,
    }
    document = client.counters()
    assert document is not None
    as_json = {path: {str(code): point for code, point in codes.items()} for path, codes in points.items()}
    assert json.loads(document) == {**found, "metric_points": as_json}


@pytest.mark.parametrize("style", [{}, {"default_flow_style": True}, {"default_style": '"'}, {"indent": 4}])
def test_what_another_program_wrote_is_taken_over(
    make_client: MakeClient, counters_path: Path, style: dict[str, Any]
) -> None:
    points = {command: {0: {"cumulative_count": 7}} for command in COMMANDS if "\ufeff" not in command}
    text = yaml.safe_dump({"metric_points": points, "operating_system": "darwin", "id": ID}, **style)
    counters_path.parent.mkdir()
    counters_path.write_text(text.replace("!!int ", ""), encoding="utf-8")
    client = make_client(counters_path=counters_path, counters_interval=-1)
    assert client.client_id == ID
    for command in points:
        assert client.record_command(command, 0)
    found = yaml.safe_load(counters_path.read_text(encoding="utf-8"))
    assert found["metric_points"] == {command: {0: {"cumulative_count": 8}} for command in points}
    assert found["operating_system"] == "darwin"
    assert not counters_path.with_name("telemetry.yaml.bad").exists()


def test_nothing_is_raised_and_nothing_counted_for_what_is_no_command(
    make_client: MakeClient, counters_path: Path
) -> None:
    client = make_client(counters_path=counters_path)
    for path, code in [
        ("", 0),
        ("a\n", 0),
        ("x" * 201, 0),
        (None, 0),
        ("a", None),
        ("a", "1"),
        ("a", 2**31),
    ]:
        assert client.record_command(path, code) is False  # type: ignore[arg-type]
    assert client.counters() is None
    assert make_client(counters_path=None).record_command("a", 0) is False
    assert make_client(counters_path=os.devnull).record_command("a", 0) is False


def test_off_is_off(make_client: MakeClient, counters_path: Path, tmp_path: Path) -> None:
    client = make_client(counters_path=counters_path, consent=False)
    assert client.record_command("a", 0) is False
    assert list(tmp_path.iterdir()) == []


def test_the_counts_go_out_as_a_document(make_client: MakeClient, server: Server, counters_path: Path) -> None:
    endpoint = f"{server.url}/telemetry"
    client = make_client(api_key=None, counters_path=counters_path, counters_endpoint=endpoint, counters_interval=3600)
    assert client.record_command("pace get", 1)
    assert client.flush()
    assert client.record_command("pace get", 1)
    assert client.flush()
    (request,) = server.requests
    assert request.path == "/telemetry"
    assert request.body["metric_points"] == {"pace get": {"1": {"cumulative_count": 1}}}


@pytest.mark.parametrize("interval", ["1", float("nan")])
def test_an_interval_is_a_number_of_seconds(make_client: MakeClient, interval: object) -> None:
    with pytest.raises(overt.ConfigError, match=r"^counters_interval: "):
        make_client(counters_interval=interval)
