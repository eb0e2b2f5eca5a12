"""The package as it is installed."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

import overt
from conftest import RunPython
from recording import Server

ROOT = Path(__file__).parents[3]


def test_importing_loads_nothing_else(run_python: RunPython) -> None:
    answer = run_python("""
        import sys
        before = set(sys.modules)
        import overt
        print(sorted(set(sys.modules) - before))
    """)
    assert answer.stdout == "['__future__', 'atexit', 'overt', 'overt._overt']\n"


def test_it_is_typed_and_has_one_version() -> None:
    assert importlib.resources.files("overt").joinpath("py.typed").is_file()
    assert importlib.metadata.version("overt") == overt.__version__
    assert importlib.metadata.requires("overt") is None


def test_all_names_are_there() -> None:
    for name in overt.__all__:
        assert getattr(overt, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'typo'"):
        overt.typo  # type: ignore[attr-defined] # noqa: B018


def test_the_readme_says_what_works(server: Server) -> None:
    readme = (ROOT / "bindings" / "python" / "README.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[0]
    runs = code.replace("https://…", server.url).replace("phc_…", "phc_test") + "assert client.flush(30)\n"
    subprocess.run([sys.executable, "-c", runs], env=os.environ, check=True, timeout=120)
    assert server.names == ["starfish_job"]


def test_the_example_delivers_even_what_a_killed_run_captured(server: Server, tmp_path: Path) -> None:
    example = ROOT / "examples" / "starfish_job.py"
    assert len(example.read_text(encoding="utf-8").splitlines()) < 100

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        call = [sys.executable, str(example), server.url, "phc_test", *arguments]
        env = {**os.environ, "OVERT_DEMO_STATE": str(tmp_path / "demo"), **environment}
        answer = subprocess.run(call, env=env, capture_output=True, text=True, timeout=120, check=False)
        return answer.returncode, answer.stdout, answer.stderr

    counts = "9 completed, 2 failed, 2 filtered\n"
    assert run(TELEMETRY_ENABLED="false") == (0, f"{counts}no event: telemetry_enabled\n", "")
    assert run("--die") == (-9, "", "")
    assert server.names == []
    assert run() == (0, f"{counts}the event is recorded\n", "")
    assert server.names == ["starfish_job", "starfish_job"]
    assert "secret" not in json.dumps(server.events)
    job = server.events[0]["properties"]
    assert sorted(job["config"]) == [
        "batch_size",
        "dead_queue_threshold",
        "job_run_stop_threshold",
        "max_concurrency",
        "target_count",
        "task_runner_timeout",
    ]
    assert job["error_summary"] == {"TimeoutError": [[5, 1], [12, 1]]}
    assert job["count_summary"] == {"completed": 9, "failed": 2, "filtered": 2}
    assert (job["target_reached"], job["run_mode"], job["num_inputs"]) == (True, "NORMAL", 13)
    assert (job["library_version"], job["$app_name"]) == (overt.__version__, "starfish")
    assert isinstance(job["run_time_platform"], str)
    assert uuid.UUID(job["job_id"])
