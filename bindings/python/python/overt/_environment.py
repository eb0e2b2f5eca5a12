"""What can be said about the system that a program runs on: `overt.environment()`.

What any program sees (operating system, CI, agent, terminal, container, WSL) the core says, from its tables; what only
Python can know stands here. Both are pure functions over a view of the system. No answer is ever the value of a
variable, a host name, a user name or a path.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Container, Mapping


class Environment(TypedDict):
    """A plain dict: an event's properties, or part of them, as it stands."""

    os: str
    """The operating system: `Linux`, `Mac OS X`, `Windows`, `FreeBSD`, or what Rust calls it."""
    arch: str
    """The processor that the package was built for: `x86_64`, `aarch64`, …"""
    python_version: str
    """Such as `3.12.4`."""
    python_implementation: str
    """`CPython`, `PyPy`, `GraalPy`, or the name that another one gives itself."""
    ci: str | None
    """The CI system, such as `GitHubAction`; `Other` if it is none that is known."""
    agent: str | None
    """The coding agent that runs the program, such as `claude-code`."""
    terminal: str | None
    """The terminal's program, such as `vscode` or `tmux`; `other`; None if no standard stream is a terminal."""
    notebook: str | None
    """`Colab`, `Databricks`, `Kaggle`, `VS Code`, `Jupyter` or `IPython`; None in plain Python."""
    run_time_platform: str
    """The notebook, and the operating system where there is none."""
    container: str | None
    """`docker`, `podman`, `kubernetes`, `containerd`, `lxc`, `systemd-nspawn`, `other`."""
    wsl: int | None
    """1 or 2: the version of the Windows Subsystem for Linux."""


class View(NamedTuple):
    """What is looked at. None: what this process sees."""

    variables: Mapping[str, str] | None = None
    """The environment variables."""
    modules: Container[str] | None = None
    """The names of the loaded modules."""
    shell: str | None = None
    """The name of the class of IPython's shell; the empty text: there is none."""
    python_version: str | None = None
    python_implementation: str | None = None
    """As `sys.implementation.name` has it: `cpython`."""
    os: str | None = None
    """As Rust has it: `linux`, `macos`, `windows`."""
    arch: str | None = None
    files: Mapping[str, str] | None = None
    """How some well-known files begin, by their path; `core/src/environment/view.rs` lists them."""
    is_terminal: bool | None = None
    """Whether standard input, output or error is a terminal."""


_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}

# Services in which each Python belongs to a notebook: a variable, or a module, that is there only then.
_SERVICES = (
    ("Colab", ("COLAB_RELEASE_TAG", "COLAB_BACKEND_VERSION"), "google.colab"),
    ("Databricks", ("DATABRICKS_RUNTIME_VERSION",), "dbruntime"),
    ("Kaggle", ("KAGGLE_KERNEL_RUN_TYPE",), "kaggle_web_client"),
)

# Visual Studio Code sets these for the kernels that it starts, and not in its terminals.
_VS_CODE = ("VSCODE_PID", "VSCODE_CWD")


def environment(view: View | None = None) -> Environment:
    """Says what can be said about the system that this program runs on. Starts nothing and asks no network."""
    view = View() if view is None else view
    variables = view.variables
    said = _core(view)
    if variables is None:
        from os import environ

        variables = environ
    modules = sys.modules if view.modules is None else view.modules
    notebook = notebook_of(variables, modules, _shell() if view.shell is None else view.shell)
    version = view.python_version or "{}.{}.{}".format(*sys.version_info[:3])
    implementation = view.python_implementation or sys.implementation.name
    return {
        "os": said["os"],
        "arch": said["arch"],
        "python_version": version,
        "python_implementation": _IMPLEMENTATIONS.get(implementation, implementation),
        "ci": said["ci"],
        "agent": said["agent"],
        "terminal": said["terminal"],
        "notebook": notebook,
        "run_time_platform": notebook or said["os"],
        "container": said["container"],
        "wsl": said["wsl"],
    }


def notebook_of(variables: Container[str], modules: Container[str], shell: str) -> str | None:
    """The notebook that the program runs in."""
    for name, signs, module in _SERVICES:
        if module in modules or any(sign in variables for sign in signs):
            return name
    if shell == "ZMQInteractiveShell":
        return "VS Code" if any(sign in variables for sign in _VS_CODE) else "Jupyter"
    return "IPython" if shell else None


def _core(view: View) -> dict[str, Any]:
    try:
        from overt._overt import environment as said_by_core
    except ImportError:
        # As with the client: no native module is no reason to fail.
        return {**dict.fromkeys(("ci", "agent", "terminal", "container", "wsl")), "os": "unknown", "arch": "unknown"}
    variables = None if view.variables is None else dict(view.variables)
    files = None if view.files is None else dict(view.files)
    return said_by_core(os=view.os, arch=view.arch, variables=variables, files=files, is_terminal=view.is_terminal)


def _shell() -> str:
    """The class of IPython's shell, if IPython is there and runs one. Imports nothing."""
    try:
        get_shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
        shell = None if get_shell is None else get_shell()
    except Exception:
        return ""
    return "" if shell is None else type(shell).__name__
