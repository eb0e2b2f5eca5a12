"""A project is recognised by its hashes, and neither git nor a hostile repository does more than answer."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest

import overt
from conftest import MakeClient, RunPython
from overt.project import Project, normalise_url, project_attributes

TOKEN = "gh0_t0ken"
NOTHING = {"git_origin": None, "project_name": None, "initial_commit": None}


def git(where: Path, *arguments: str) -> str:
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(where)}
    names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    call = ["git", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", *arguments]
    answer = subprocess.run(
        call, cwd=where, env={**os.environ, **quiet, **names}, capture_output=True, text=True, check=True, timeout=60
    )
    return answer.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    where = tmp_path / "checkout"
    (where / "deep" / "down").mkdir(parents=True)
    git(where, "init", "-q")
    git(where, "commit", "-q", "--allow-empty", "-m", "first")
    git(where, "commit", "-q", "--allow-empty", "-m", "second")
    git(where, "remote", "add", "origin", f"https://me:{TOKEN}@GitHub.com:443/o/r.git")
    return where


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Generous: what is asked of git takes milliseconds, on a machine that has nothing else to do.
def attributes(client: overt.Client | bytes, cwd: Path, **options: Any) -> Project:
    return project_attributes(client, cwd, **{"deadline": 60.0, **options})


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("git@github.com:o/r.git", "github.com/o/r"),
        ("https://user:tok@github.com/o/r", "github.com/o/r"),
        ("https://GitHub.COM/O/R.git/", "github.com/O/R"),
        ("ssh://git@github.com:22/o/r.git", "github.com/o/r"),
        ("git+ssh://github.com/o/r", "github.com/o/r"),
        ("https://user:p@ss@github.com/o/r", "github.com/o/r"),
        ("https://tok@github.com:8443/o/r.git\n", "github.com/o/r"),
        ("https://github.com/o/r?access_token=tok#tok", "github.com/o/r"),
        ("host.xz:/srv/r.git", "host.xz/srv/r"),
        ("git@host.xz:sub:group/r", "host.xz/sub/group/r"),
        ("ssh://git@[::1]:22/o/r", "::1/o/r"),
        ("https://github.com/o/.git", "github.com/o"),
        ("https://github.com/", None),
        ("https://user:to/k@github.com/o/r", None),
        ("user:tok@github.com/o/r", None),
        ("file:///home/somebody/r.git", None),
        ("/home/somebody/r.git", None),
        ("../r:s", None),
        ("C:\\src\\r", None),
        ("ext::sh -c tok", None),
        ("", None),
    ],
)
def test_a_url_is_the_same_however_it_is_reached(url: str, normal: str | None) -> None:
    assert normalise_url(url) == normal
    assert "tok" not in (normal or "")


def test_without_salt_it_is_what_sam_sends(client: overt.Client, repository: Path) -> None:
    root = git(repository, "rev-list", "--max-parents=0", "HEAD")
    expected = {"git_origin": sha256("github.com/o/r"), "project_name": sha256("r"), "initial_commit": sha256(root)}
    assert attributes(client, repository, algorithm="sha256") == expected
    assert attributes(client, repository / "deep" / "down", algorithm="sha256") == expected


def test_by_default_the_hashes_are_this_installations(
    make_client: MakeClient, repository: Path, state_dir: Path, tmp_path: Path
) -> None:
    client = make_client()
    ours = attributes(client, repository)
    salt = bytes.fromhex((state_dir / "salt").read_text())
    assert ours["git_origin"] == hmac.new(salt, b"github.com/o/r", hashlib.sha256).hexdigest()
    assert attributes(make_client(), repository) == ours == attributes(salt, repository)
    others = attributes(make_client(state_dir=tmp_path / "other"), repository)
    values = [*ours.values(), *others.values(), *attributes(client, repository, algorithm="sha256").values()]
    assert len(set(values)) == 9
    assert all(isinstance(value, str) and len(value) == 64 for value in values)
    client.reset_client_id()
    assert not set(attributes(client, repository).values()) & set(values)
    if os.name == "posix":
        assert (state_dir / "salt").stat().st_mode & 0o777 == 0o600


def test_while_off_nothing_is_read_and_nothing_made(
    make_client: MakeClient, repository: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **_: started.append(arguments))
    client = make_client(consent=False)
    for algorithm in ("hmac", "sha256"):
        assert attributes(client, repository, algorithm=algorithm) == NOTHING
    assert client.salted_hash("text") is None
    assert started == []
    assert not state_dir.exists()


def test_without_a_repository_git_is_not_started(
    client: overt.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overt.project._find_git", lambda: pytest.fail("looked for git"))
    plain = tmp_path / "plain"
    plain.mkdir()
    found = attributes(client, plain, algorithm="sha256")
    assert found == {**NOTHING, "project_name": sha256("plain")}
    monkeypatch.chdir(plain)
    assert project_attributes(client, algorithm="sha256") == found


def test_without_git_there_is_the_directorys_name(
    client: overt.Client, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert attributes(client, repository, algorithm="sha256") == {**NOTHING, "project_name": sha256("checkout")}


def test_an_empty_repository_has_a_name(client: overt.Client, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    found = attributes(client, tmp_path / "empty", algorithm="sha256")
    assert found == {**NOTHING, "project_name": sha256("empty")}


def test_a_remote_on_this_machine_gives_its_name_alone(client: overt.Client, repository: Path) -> None:
    git(repository, "remote", "set-url", "origin", "/home/somebody/thing.git")
    found = attributes(client, repository, algorithm="sha256")
    assert (found["git_origin"], found["project_name"]) == (None, sha256("thing"))


def test_a_shallow_clone_has_no_first_commit(client: overt.Client, repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    assert attributes(client, tmp_path / "shallow")["initial_commit"] is None
    git(tmp_path, "clone", "-q", f"file://{repository}", "whole")
    assert attributes(client, tmp_path / "whole")["initial_commit"] is not None


def test_a_deadline_ends_git(
    client: overt.Client, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin"
    slow.mkdir()
    pids = tmp_path / "pids"
    (slow / "git").write_text(f"#!/bin/sh\necho $$ >>{pids}\nexec sleep 600\n")
    (slow / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow}{os.pathsep}{os.environ['PATH']}")
    found = attributes(client, repository, algorithm="sha256", deadline=0.2)
    assert found == {**NOTHING, "project_name": sha256("checkout")}
    for pid in pids.read_text().split() if pids.exists() else []:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_a_git_that_cannot_be_started_is_no_git(
    client: overt.Client, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").write_bytes(b"\x7fELF, or so it says")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = attributes(client, repository, algorithm="sha256")
    assert found == {**NOTHING, "project_name": sha256("checkout")}


@pytest.mark.parametrize("url", [f"ssh://host/{TOKEN}", f"host:{TOKEN}", "/nowhere/r", "ext::trap"])
def test_a_hostile_repository_runs_nothing(client: overt.Client, repository: Path, tmp_path: Path, url: str) -> None:
    ran = tmp_path / "ran"
    trap = repository / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 $* >>{ran}\nexit 1\n")
    trap.chmod(0o755)
    for name in ("git", "git.exe", "ssh"):
        (repository / name).symlink_to(trap)
    for hook in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        (repository / ".git" / "hooks").mkdir(exist_ok=True)
        (repository / ".git" / "hooks" / hook).symlink_to(trap)
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy", "core.askPass", "core.editor"):
        git(repository, "config", name, str(trap))
    for name in ("pager.config", "pager.rev-list", "alias.config", "alias.rev-list", "alias.rev-parse"):
        git(repository, "config", name, f"!{trap}")
    git(repository, "config", "remote.origin.uploadpack", str(trap))
    # A commit that is missing would be fetched, by a program of the repository's choice.
    git(repository, "config", "extensions.partialClone", "origin")
    git(repository, "config", "remote.origin.promisor", "true")
    git(repository, "config", "core.repositoryFormatVersion", "1")
    git(repository, "config", "protocol.allow", "always")
    git(repository, "remote", "set-url", "origin", url)
    root = git(repository, "rev-list", "--max-parents=0", "HEAD")
    (repository / ".git" / "objects" / root[:2] / root[2:]).unlink()
    with_path = os.pathsep.join((".", "", os.environ["PATH"]))
    call = [
        sys.executable,
        "-c",
        "import overt, sys, ast, overt.project as p\np.project_attributes(b'salt', deadline=60)",
    ]
    subprocess.run(call, cwd=repository, env={**os.environ, "PATH": with_path}, check=True, timeout=120)
    found = attributes(client, repository, algorithm="sha256")
    assert (found["git_origin"], found["initial_commit"]) == (sha256(f"host/{TOKEN}") if TOKEN in url else None, None)
    assert not ran.exists(), ran.read_text()


def test_what_cannot_be_understood_is_nothing(client: overt.Client, tmp_path: Path) -> None:
    wrong: Any = 7
    assert project_attributes(client, wrong) == NOTHING
    assert project_attributes(wrong, tmp_path) == NOTHING
    assert project_attributes(client, tmp_path, algorithm=wrong) == NOTHING
    assert client.salted_hash(wrong) == client.salted_hash("7")
    assert set(typing.get_type_hints(Project)) == set(NOTHING)


def test_importing_starts_nothing(run_python: RunPython) -> None:
    answer = run_python("""
        import sys
        import overt.project
        print([name for name in ("subprocess", "hashlib", "typing", "threading") if name in sys.modules])
    """)
    assert answer.stdout == "[]\n"
