"""The preset for AWS SAM CLI: made of what everybody can use, it decides, names and hashes as that tool does."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import overt
import overt.presets
from overt import commands, presets

PROMPT = "This tool counts its runs."
ID = "36be4c46-4e1b-431d-b9db-1b315f537a85"


@pytest.fixture
def app_dir(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".aws-sam"


def telemetry(**options: Any) -> presets.AwsSam:
    usual = {"prompt": PROMPT, "endpoint": "http://127.0.0.1:9", "background": False}
    return presets.aws_sam("1.150.0", **{**usual, **options})


def run(preset: presets.AwsSam, **extra: object) -> list[tuple[str, dict[str, Any]]]:
    """Runs a command; what waits then, newest last, each metric with its attributes."""

    @click.group()
    def cli() -> None:
        pass

    @cli.command()
    def build() -> None:
        current = commands.current_run()
        assert current is not None
        current.add(extra)

    result = CliRunner().invoke(preset.instrument(cli), ["build"])
    assert (result.exit_code, result.exception) == (0, None)
    return [metric for line in preset.client.pending() for metric in json.loads(line).items()]


def write(app_dir: Path, text: str) -> Path:
    app_dir.mkdir(parents=True, exist_ok=True)
    path = app_dir / "metadata.json"
    path.write_text(text)
    return path


def test_it_is_made_of_public_parts_alone() -> None:
    for path in Path(overt.presets.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, path
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                names = [node.attr]
            private = [part for name in names for part in name.split(".") if part.startswith("_")]
            assert private in ([], ["__future__"]), (path, names)


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        (None, None, "stored True"),
        (None, '{"other": 1}', "stored True"),
        (None, '{"telemetryEnabled": true}', "stored True"),
        (None, '{"telemetryEnabled": false}', "stored False"),
        (None, '{"telemetryEnabled": "false"}', "unreadable False"),
        (None, '{"telemetryEnabled": "true"}', "unreadable False"),
        (None, '{"telemetryEnabled": tr', "unreadable False"),
        (None, "", "unreadable False"),
        ("1", '{"telemetryEnabled": false}', "tool_variable True"),
        ("1", None, "tool_variable True"),
        ("0", '{"telemetryEnabled": true}', "tool_variable False"),
        ("true", '{"telemetryEnabled": true}', "tool_variable False"),
        ("", '{"telemetryEnabled": true}', "tool_variable False"),
        ("0", None, "tool_variable False"),
    ],
)
def test_the_variable_stands_over_the_file_and_the_file_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    app_dir: Path,
    variable: str | None,
    text: str | None,
    reason: str,
) -> None:
    if variable is not None:
        monkeypatch.setenv("SAM_CLI_TELEMETRY", variable)
    path = app_dir / "metadata.json" if text is None else write(app_dir, text)
    preset = telemetry()
    names = [name for name, _ in run(preset)]
    is_first = variable is None and text in (None, '{"other": 1}')
    assert f"{preset.client.consent.reason} {preset.client.consent.enabled}" == reason
    assert names == (["installed"] if is_first else []) + (["commandRun"] if reason.endswith("True") else [])
    assert capfd.readouterr().err == (f"{PROMPT}\n" if is_first else "")
    if reason.endswith("False"):  # whoever is off has no ID, and a file that nobody touched
        assert (path.read_text() if path.exists() else None) == text
        assert preset.client.client_id is None
        assert not (app_dir.parent / ".local").exists()
    else:
        assert json.loads(path.read_text())["installationId"] == preset.client.client_id
    assert [name for name, _ in run(telemetry())][len(names) :] == names[-1:]
    assert capfd.readouterr().err == ""


def test_what_else_is_in_the_file_stays_byte_for_byte(app_dir: Path) -> None:
    path = write(app_dir, '{\n    "acceptedAt": 1.50,\n    "installationId": "' + ID + '"\n}')
    (_, installed), (_, ran) = run(telemetry())
    assert installed["installationId"] == ran["installationId"] == ID
    assert path.read_text() == (
        '{\n    "acceptedAt": 1.50,\n    "installationId": "' + ID + '",\n    "telemetryEnabled": true\n}'
    )


def test_do_not_track_and_who_says_off_for_all_tools_are_heard_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAM_CLI_TELEMETRY", "1")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    assert run(telemetry()) == []
    assert [name for name, _ in run(telemetry(respect_do_not_track=False))] == ["commandRun"]


def test_a_run_within_a_run_is_part_of_it() -> None:
    preset = telemetry()
    nested = preset.track_command("build")(lambda: None)
    CliRunner().invoke(preset.instrument(click.Command("sam", callback=nested)), [])
    with preset.track_command("sync"):
        pass
    ran = [json.loads(line) for line in preset.client.pending()[1:]]
    assert [each["commandRun"]["commandName"] for each in ran] == ["sam", "sam sync"]


def test_help_shows_no_prompt_and_makes_no_file(capfd: pytest.CaptureFixture[str], app_dir: Path) -> None:
    cli = telemetry().instrument(click.Group("sam", commands={"build": click.Command("build")}))
    for arguments in (["--help"], [], ["build", "--help"]):
        CliRunner().invoke(cli, arguments)
    assert capfd.readouterr().err == ""
    assert not app_dir.exists()


def test_where_nothing_can_be_kept_it_is_off(capfd: pytest.CaptureFixture[str], app_dir: Path) -> None:
    app_dir.parent.mkdir()
    app_dir.write_text("in the way")
    for _ in range(2):
        assert run(telemetry()) == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("endpoint", [None, "", "nonsense", "ftp://x", "http://elsewhere.example"])
def test_without_a_usable_endpoint_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], app_dir: Path, endpoint: str | None
) -> None:
    preset = telemetry(endpoint=endpoint)
    if endpoint:
        monkeypatch.setenv("__SAM_CLI_TELEMETRY_ENDPOINT_URL", endpoint)
        preset = telemetry(endpoint="https://good.example")
    cli = preset.instrument(click.Command("sam", callback=lambda: None))
    assert CliRunner().invoke(cli, []).exit_code == 0
    assert capfd.readouterr().err == ""
    assert not app_dir.exists()


def test_variables_move_the_file_and_the_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("__SAM_CLI_APP_DIR", str(tmp_path / "moved"))
    preset = telemetry(endpoint=None, app_dir=tmp_path / "given")
    monkeypatch.setenv("__SAM_CLI_TELEMETRY_ENDPOINT_URL", "http://127.0.0.1:9/there")
    assert len(run(preset)) == 2
    assert sorted(path.name for path in (tmp_path / "moved").glob("[!.]*")) == ["metadata.json", "overt"]
    assert not (tmp_path / "given").exists()
    assert not (tmp_path / "home").exists()


def test_of_two_first_runs_at_once_one_is_told_and_one_installation_is_counted(app_dir: Path) -> None:
    code = f"""
import sys, time
import click
from overt import presets
telemetry = presets.aws_sam("1", prompt={PROMPT!r}, endpoint="http://127.0.0.1:9", background=False)
cli = telemetry.instrument(click.Command("sam", callback=lambda: None))
sys.stdin.readline()
cli([])
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        )
        for _ in range(6)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert sorted(process.communicate(timeout=120)[1] for process in started) == [""] * 5 + [f"{PROMPT}\n"]
    waiting = [json.loads(line) for line in telemetry().client.pending()]
    assert sorted(name for metric in waiting for name in metric) == ["commandRun"] * 6 + ["installed"]
    ids = {attributes["installationId"] for metric in waiting for attributes in metric.values()}
    assert ids == {json.loads((app_dir / "metadata.json").read_text())["installationId"]}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, {"executionEnvironment": "CLI", "ci": False}),
        ({"GITHUB_ACTIONS": "true", "CI": "true"}, {"executionEnvironment": "GitHubAction", "ci": True}),
        ({"CI": "false"}, {"executionEnvironment": "Other", "ci": True}),
        ({"CLAUDECODE": "1"}, {"executionEnvironment": "CLI", "ci": False, "userAgent": "claude-code/1.0"}),
    ],
    ids=str,
)
def test_it_says_where_it_runs(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: dict[str, object]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    metrics = run(telemetry())
    assert [name for name, _ in metrics] == ["installed", "commandRun"]
    for _, attributes in metrics:
        assert {key: attributes[key] for key in said} == said
        assert ("userAgent" in attributes) is ("userAgent" in said)
        assert attributes["pyversion"] == sys.version.split()[0]


def test_a_run_may_say_more_and_its_word_counts() -> None:
    more = {"projectType": "CDK", "containerEngine": "finch", "adminContainerPreference": "docker", "esbuild": True}
    specific = run(telemetry(), **more)[-1][1]["metricSpecificAttributes"]
    assert list(specific)[:4] == ["projectType", "gitOrigin", "projectName", "initialCommit"]
    assert more.items() <= specific.items()


def test_the_project_is_hashed_as_sam_does_or_under_a_salt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "my-app").mkdir()
    monkeypatch.chdir(tmp_path / "my-app")
    plain = run(telemetry())[-1][1]["metricSpecificAttributes"]
    assert plain["projectName"] == hashlib.sha256(b"my-app").hexdigest()
    assert (plain["gitOrigin"], plain["initialCommit"], plain["projectType"]) == (None, None, None)
    salted = run(telemetry(project_hash="hmac"))[-1][1]["metricSpecificAttributes"]
    assert len(salted["projectName"]) == 64
    assert salted["projectName"] != plain["projectName"]


def test_an_experiment_has_a_metric_of_its_own() -> None:
    assert run(telemetry(is_experimental=lambda: True))[-1][0] == "commandRunExperimental"
    assert run(telemetry(is_experimental=lambda: False))[-1][0] == "commandRun"


def test_who_tells_people_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing is recorded"):
        presets.aws_sam("1", prompt=" \n")


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("us-east-1", "us-east-1"),
        ("us-gov-west-1", "us-gov-west-1"),
        ("eusc-de-east-1", "eusc-de-east-1"),
        ("cn-northwest-1", "cn-northwest-1"),
        ("AKIAIOSFODNN7EXAMPLE", ""),
        ("us-east-1\n", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_of_the_options_only_what_the_protocol_names_is_said(region: str | None, said: str) -> None:
    preset = telemetry()

    def callback() -> None:
        preset.add_options(profile="s3cret", debug=True, region=region)
        preset.add_options(profile=None, debug=False)

    CliRunner().invoke(preset.instrument(click.Command("sam", callback=callback)), [])
    text = preset.client.pending()[-1]
    ran = json.loads(text)["commandRun"]
    assert (ran["awsProfileProvided"], ran["debugFlagProvided"], ran["region"]) == (True, True, said)
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("address", "engine"),
    [
        (None, "docker-default"),
        ("", "docker-default"),
        ("unix:///Users/me/.colima/default/docker.sock", "colima"),
        ("unix:///Users/me/.lima/default/sock/docker.sock", "lima"),
        ("unix:///Users/me/.OrbStack/run/docker.sock", "orbstack"),
        ("unix:///Users/me/.rd/docker.sock", "rancher-desktop"),
        ("unix:///var/run/docker.sock", "docker"),
        ("unix:///run/finch.sock", "finch"),
        ("unix:///run/podman/podman.sock", "podman"),
        ("unix:///Users/me/.colima/podman.sock", "podman"),
        ("tcp://localhost:2375", "tcp-local"),
        ("tcp://127.0.0.1:2375", "tcp-local"),
        ("tcp://build.internal:2376", "tcp-remote"),
        ("ssh://me@host", "unknown"),
    ],
)
def test_a_container_engine_is_one_of_a_list(address: str | None, engine: str) -> None:
    assert presets.container_engine(address) == engine


@pytest.mark.parametrize(
    ("said", "agent", "user_agent"),
    [
        (None, None, None),
        (None, "codex", "codex/1.0"),
        (" aws-toolkit-vscode/1.2.3-rc1 ", "codex", "aws-toolkit-vscode/1.2.3-rc1"),
        ("x/1.2", None, "x/1.2"),
        ("x/1", None, None),
        ("x/1.2.3.4", "codex", "codex/1.0"),
        ("x/1.2\ny/1.2", None, None),
        ("my secret", None, None),
    ],
)
def test_a_user_agent_has_a_form_or_is_an_agents(said: str | None, agent: str | None, user_agent: str | None) -> None:
    assert presets.user_agent(said, agent) == user_agent
