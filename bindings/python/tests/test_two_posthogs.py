"""examples/two_posthogs: two libraries with incompatible pins live in one process through `overt.posthog`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import peers
from recording import Server

EXAMPLE = Path(__file__).parents[3] / "examples" / "two_posthogs"
PIPELINES, PROMPTS = (str(EXAMPLE / name) for name in ("pipelines", "prompts"))


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", *arguments]
    return subprocess.run(command, env=peers.ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)


def test_pip_can_install_each_but_not_both(tmp_path: Path) -> None:
    resolve = ("--dry-run", "--ignore-installed", "--target", str(tmp_path))
    for one in (PIPELINES, PROMPTS):
        alone = pip(*resolve, one)
        assert alone.returncode == 0, alone.stderr
        assert "posthog-" in alone.stdout
    both = pip(*resolve, PIPELINES, PROMPTS)
    assert both.returncode != 0
    assert "conflicting dependencies" in both.stderr
    assert "pipelines 1.0 depends on posthog<4" in both.stdout + both.stderr


def test_through_overt_each_librarys_events_arrive_under_its_own_key(server: Server, tmp_path: Path) -> None:
    installed = pip("--no-deps", "--target", str(tmp_path / "libraries"), PIPELINES, PROMPTS)
    assert installed.returncode == 0, installed.stderr
    other = Server()
    environment = {"PYTHONPATH": str(tmp_path / "libraries"), "XDG_STATE_HOME": str(tmp_path / "state")}
    environment |= {"PIPELINES_HOST": server.url, "PROMPTS_HOST": other.url}
    answer = subprocess.run(
        [sys.executable, str(EXAMPLE / "program.py")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "clients of their own: True True\nthe module's settings: None None\n"

    def arrived(at: Server) -> list[tuple[str, str, str, dict[str, Any]]]:
        return [
            (
                request.body["api_key"],
                event["distinct_id"],
                event["event"],
                {k: v for k, v in event["properties"].items() if k in ("steps", "path", "text", "length")},
            )
            for request in at.requests
            for event in request.body["batch"]
        ]

    run, prompt = ("phc_pipelines", "user of pipelines", "pipeline run"), ("phc_prompts", "user of prompts", "prompt")
    assert arrived(server) == [(*run, {"steps": 3}), *((*run, {"steps": turn}) for turn in range(3))]
    assert arrived(other) == [(*prompt, {"text": "***"}), *((*prompt, {"length": turn}) for turn in range(3))]
    other.close()
