"""What is said about the system: names from tables, and never what the system calls itself."""

from __future__ import annotations

import getpass
import os
import platform
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pytest

import overt
from conftest import RunPython
from overt._environment import View, notebook_of

CORE = Path(__file__).parents[3] / "core" / "src" / "environment"
KEYS = {
    "os",
    "arch",
    "python_version",
    "python_implementation",
    "ci",
    "agent",
    "terminal",
    "notebook",
    "run_time_platform",
    "container",
    "wsl",
}
NOWHERE = View(variables={}, modules=(), shell="", files={}, is_terminal=False, os="linux", arch="x86_64")


def test_of_this_process() -> None:
    said = overt.environment()
    assert set(said) == KEYS
    assert said["os"] == {"Darwin": "Mac OS X"}.get(platform.system(), platform.system())
    assert said["python_version"] == platform.python_version().rstrip("+")
    assert said["python_implementation"] == platform.python_implementation()
    assert said["run_time_platform"] == said["os"]
    assert said["ci"] is said["agent"] is said["notebook"] is None


def test_of_nowhere() -> None:
    said: dict[str, Any] = {**overt.environment(NOWHERE)}
    assert {key for key, value in said.items() if value is None} == {
        "ci",
        "agent",
        "terminal",
        "notebook",
        "container",
        "wsl",
    }
    assert said["run_time_platform"] == said["os"] == "Linux"


def test_the_core_and_python_look_at_the_same_view() -> None:
    said = overt.environment(
        View(
            variables={"GITHUB_ACTIONS": "true", "CLAUDECODE": "1", "TERM_PROGRAM": "vscode", "VSCODE_PID": "7"},
            modules=(),
            shell="ZMQInteractiveShell",
            files={"/.dockerenv": "", "/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2"},
            is_terminal=True,
            os="linux",
            arch="aarch64",
            python_version="3.14.1",
            python_implementation="pypy",
        )
    )
    assert said == {
        "os": "Linux",
        "arch": "aarch64",
        "python_version": "3.14.1",
        "python_implementation": "PyPy",
        "ci": "GitHubAction",
        "agent": "claude-code",
        "terminal": "vscode",
        "notebook": "VS Code",
        "run_time_platform": "VS Code",
        "container": "docker",
        "wsl": 2,
    }
    assert overt.environment(NOWHERE._replace(os="macos"))["os"] == "Mac OS X"
    any_mapping = MappingProxyType({"GITLAB_CI": "true"})
    assert overt.environment(NOWHERE._replace(variables=any_mapping, files=MappingProxyType({})))["ci"] == "GitLab"


@pytest.mark.parametrize(
    ("variables", "modules", "shell", "notebook"),
    [
        ((), (), "", None),
        (("VSCODE_PID", "TERM_PROGRAM"), (), "", None),
        ((), ("IPython",), "", None),
        ((), (), "TerminalInteractiveShell", "IPython"),
        ((), (), "SpyderShell", "IPython"),
        ((), (), "ZMQInteractiveShell", "Jupyter"),
        (("VSCODE_CWD",), (), "ZMQInteractiveShell", "VS Code"),
        ((), ("google.colab",), "Shell", "Colab"),
        (("COLAB_RELEASE_TAG",), (), "", "Colab"),
        (("DATABRICKS_RUNTIME_VERSION",), (), "DatabricksShell", "Databricks"),
        (("KAGGLE_KERNEL_RUN_TYPE",), (), "ZMQInteractiveShell", "Kaggle"),
    ],
)
def test_each_notebook_is_known(
    variables: tuple[str, ...], modules: tuple[str, ...], shell: str, notebook: str | None
) -> None:
    assert notebook_of(variables, modules, shell) == notebook


@pytest.mark.parametrize("breaks", [None, "raises", "has none", "is half loaded"])
def test_ipython_is_asked_for_its_shell_and_never_imported(monkeypatch: pytest.MonkeyPatch, breaks: str | None) -> None:
    class ZMQInteractiveShell:
        pass

    def get_ipython() -> object:
        if breaks == "raises":
            raise RuntimeError("not today")
        return None if breaks == "has none" else ZMQInteractiveShell()

    module = ModuleType("IPython")
    if breaks != "is half loaded":
        module.get_ipython = get_ipython  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", module)
    assert overt.environment()["notebook"] == (None if breaks else "Jupyter")


def test_nothing_is_imported_that_could_be_a_notebook(run_python: RunPython) -> None:
    answer = run_python("""
        import sys, overt
        overt.environment()
        print([name for name in sys.modules if name.partition(".")[0] in ("IPython", "google", "dbruntime")])
    """)
    assert answer.stdout == "[]\n"


def signs() -> Iterator[str]:
    """Every variable that any table knows."""
    for text in (CORE / "signs.rs", Path(overt.__file__).with_name("_environment.py")):
        yield from re.findall(r'"([A-Za-z_]{2,}_?[A-Z_]*)"', text.read_text(encoding="utf-8").partition("mod tests")[0])


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("poison", ["p0ison", "jenkins-p0ison", "/p0ison/amazonq/vscode", "p0ison\n"])
def test_no_answer_says_what_a_variable_says(poison: str, terminal: bool) -> None:
    names = {*signs(), "CODEX_P0ISON", "HOME", "USER", "HOSTNAME", "PWD"}
    assert {"CI", "TERM_PROGRAM", "VSCODE_PID", "container", "AWS_EXECUTION_ENV"} <= names
    files = dict.fromkeys(
        ("/.dockerenv", "/run/.containerenv", "/proc/1/cgroup", "/proc/sys/kernel/osrelease"), f"microsoft {poison}"
    )
    view = NOWHERE._replace(files=files, is_terminal=terminal, modules=[poison], shell="ZMQInteractiveShell")
    answers = [overt.environment(view._replace(variables={name: poison})) for name in names]
    answers.append(overt.environment(view._replace(variables=dict.fromkeys(names, poison))))
    for said in answers:
        assert not any("p0ison" in str(value) for value in said.values()), said
    assert any(said["agent"] for said in answers)
    assert any(said["ci"] for said in answers)


def test_no_answer_says_who_or_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in signs():
        monkeypatch.setenv(name, str(tmp_path))
    own = {socket.gethostname(), platform.node(), os.getcwd(), str(Path.home()), sys.executable, str(tmp_path)}
    own.add(getpass.getuser() if os.name == "posix" and os.getuid() != 0 else "root")
    for value in overt.environment().values():
        assert not any(secret and secret in str(value) for secret in own), value
