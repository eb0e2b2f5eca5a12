"""What project a tool works on, recognisable without being readable: hashes of its git remote, name and first commit.

    overt.project.project_attributes(client)    # {"git_origin": "4b1f…", "project_name": "…", "initial_commit": "…"}

- By default the hashes are HMACs under a random salt that never leaves the machine: an unsalted hash of a public URL
  can be looked up by anybody who has a list of URLs.
- While telemetry is off, nothing is read and nothing is started.
- git is started only in a repository, without a shell, and neither reads its standard input nor outlives the deadline.
  A repository may be hostile: what is asked of git runs none of what its configuration names (hooks, monitors, pagers,
  transports), and no git is started that lies in the working directory. Without git, the directory's name is left.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen
    from typing import Literal

    from overt import Client
    from overt._answers import Project as Project


# Asking takes 13 ms. A history of 100,000 commits takes git 0.4 s of processor time, 0.07 s with a commit-graph.
DEADLINE = 0.5
# Far more than any URL in use has, and a hundred first commits. What is longer is no answer.
_LONGEST = 4096

# Nothing of the repository's choice is run: no prompt, no lock, no fetch of what is missing, by no transport, and no
# commit in place of another.
_QUIET = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_SAFE = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.sshCommand=false", "safe.bareRepository=explicit")
_ORIGIN = ("config", "--get", "remote.origin.url")
_ROOTS = ("rev-list", "--max-parents=0", "HEAD")
# In a history that is cut off, what looks like the first commit is the last one that was cloned.
_IS_SHALLOW = ("rev-parse", "--is-shallow-repository")


def project_attributes(
    client: Client | bytes,
    cwd: str | os.PathLike[str] | None = None,
    *,
    algorithm: Literal["hmac", "sha256"] = "hmac",
    deadline: float = DEADLINE,
) -> Project:
    """Hashes what tells one project from another. Blocks for at most `deadline` seconds; never raises.

    `client`: whose salt and consent count; or a salt of your own, if you have asked. `cwd`: a directory of the project;
    default: the working directory. `algorithm`: `hmac`, HMAC-SHA-256 under the salt; or `sha256`, without any salt, as
    AWS SAM CLI has it: hashes of known URLs can be looked up.
    """
    try:
        hash_text = _hash_of(client, algorithm)
        if hash_text is None:
            return {"git_origin": None, "project_name": None, "initial_commit": None}
        directory = os.path.abspath(os.getcwd() if cwd is None else cwd)
        url, roots = _ask_git(directory, deadline)
        origin = None if url is None else normalise_url(url)
        name = (origin or _without_suffix(url or "")).rpartition("/")[2] or os.path.basename(directory)
        return {
            "git_origin": hash_text(origin) if origin else None,
            "project_name": hash_text(name) if name else None,
            "initial_commit": hash_text(roots) if roots else None,
        }
    except Exception:
        return {"git_origin": None, "project_name": None, "initial_commit": None}


def normalise_url(url: str) -> str | None:
    """A remote's URL as host and path, the same however it is reached, and without user, password, port and query:
    `git@github.com:o/r.git` and `https://user:token@GitHub.com/o/r/` are both `github.com/o/r`. None: it has none."""
    scheme, separator, rest = url.strip().partition("://")
    if separator:
        authority, _, path = rest.partition("/")
        path = path.partition("?")[0].partition("#")[0]
        host = authority.rpartition("@")[2]
        if host.startswith("["):  # an IPv6 address
            host, _, port = host[1:].partition("]")
            port = port.removeprefix(":")
        else:
            host, _, port = host.partition(":")
        if scheme.lower() == "file" or (port and not port.isdecimal()):
            return None
    else:
        before, colon, path = scheme.partition(":")
        host = before.rpartition("@")[2]
        # A path of this machine, a drive of Windows, or `helper::address`.
        if not colon or "/" in before or "\\" in before or len(host) < 2 or path.startswith(":"):
            return None
        # `user:token@host/path`, which lacks its scheme: nobody means the host `user`.
        if "@" in path and "@" not in before:
            return None
    path = _without_suffix(path.strip("/").replace(":", "/"))
    return f"{host.lower()}/{path}" if host and path else None


def _without_suffix(path: str) -> str:
    return path.strip().replace("\\", "/").rstrip("/").removesuffix(".git").rstrip("/")


def _hash_of(client: Client | bytes, algorithm: str) -> Callable[[str], str | None] | None:
    """What hashes a text; nothing while telemetry is off."""
    if not isinstance(client, bytes) and not client.enabled:
        return None
    if algorithm == "hmac" and not isinstance(client, bytes):
        return client.salted_hash
    import hashlib
    import hmac

    if algorithm == "hmac" and isinstance(client, bytes):
        salt = client
        return lambda text: hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()
    return (lambda text: hashlib.sha256(text.encode()).hexdigest()) if algorithm == "sha256" else None


def _ask_git(directory: str, deadline: float) -> tuple[str | None, str | None]:
    """The URL of the remote `origin`, and the hashes of the first commits."""
    git = _find_git() if _is_in_repository(directory) else None
    if git is None:
        return None, None
    # Imported here: it takes longer than all else, and only a run in a repository needs it.
    import subprocess
    import time

    end = time.monotonic() + deadline
    environment = {**os.environ, **_QUIET}
    command = [git, "--no-pager", *(word for setting in _SAFE for word in ("-c", setting))]
    no_window: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    started: list[Popen[str]] = []
    answers: list[str | None] = []
    try:
        for question in (_ORIGIN, _ROOTS, _IS_SHALLOW):
            started.append(
                subprocess.Popen(
                    [*command, *question],
                    cwd=directory,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    encoding="utf-8",
                    errors="replace",
                    creationflags=no_window,
                )
            )
        for process in started:
            try:
                text = process.communicate(timeout=max(0.0, end - time.monotonic()))[0].strip()
            except subprocess.TimeoutExpired:
                text = ""
            answers.append(text if process.returncode == 0 and 0 < len(text) <= _LONGEST else None)
    except OSError:
        return None, None
    finally:
        for process in started:
            _end(process)
    url, roots, is_shallow = answers
    return url, roots if is_shallow == "false" else None


def _end(process: Popen[str]) -> None:
    """Ends a process that has not ended by itself. One that the kernel holds up is not waited for."""
    if process.poll() is None:
        process.kill()
        try:
            process.wait(0.1)
        except Exception:
            process.returncode = -9  # nobody asks for it again
    if process.stdout is not None:
        process.stdout.close()


def _find_git() -> str | None:
    """Git, in a directory that is named from the root. Others depend on the working directory, which may be hostile."""
    name = "git.exe" if os.name == "nt" else "git"
    for directory in os.get_exec_path():
        path = os.path.join(directory, name)
        if os.path.isabs(directory) and os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def _is_in_repository(directory: str) -> bool:
    """Whether there is a `.git`, upwards: looking costs nothing, starting git does."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return "GIT_DIR" in os.environ
        directory = above
    return True


if not TYPE_CHECKING:

    def __getattr__(name: str) -> type:
        if name == "Project":
            from overt._answers import Project

            return Project
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
