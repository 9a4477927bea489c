"""A commit checked out elsewhere, with real git and DVC."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dvc.config import Config

from assay.errors import UsageError
from assay.gateways.versioning.worktree import PREFIX, at, checked_out, resolve
from tests.gateways.versioning.made import alive, commit_all, until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def committed(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits, the second with another train.py; a temporary folder of the test's own."""
    commit_all()
    (project / "train.py").write_text("print('second')\n")
    commit_all()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    return project


def git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout


def worktrees() -> list[str]:
    return [line for line in git("worktree", "list").splitlines() if PREFIX in line]


def temporary() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def test_the_commits_own_files_are_there_and_nothing_else_of_the_users(committed: Path) -> None:
    Path("train.py").write_text("print('not committed')\n")
    Path("mine").write_text("untracked")
    with checked_out("HEAD~1") as tree:
        assert "training" in (tree / "train.py").read_text()
        assert not (tree / "mine").exists()
        assert not tree.is_relative_to(committed)
        assert git("-C", str(tree), "status", "--porcelain", "--", "train.py", "dvc.yaml") == ""
        assert git("-C", str(tree), "branch", "--show-current") == ""
    assert Path("train.py").read_text() == "print('not committed')\n"


def test_the_users_tree_index_and_branch_stay_as_they_were() -> None:
    Path("train.py").write_text("print('staged')\n")
    git("add", "train.py")
    Path("train.py").write_text("print('and changed again')\n")
    hook = Path(".git/hooks/post-checkout")
    hook.write_text("#!/bin/sh\ntouch hook-was-here\n")
    hook.chmod(0o755)
    watched = (
        ("status", "--porcelain"),
        ("branch", "--all"),
        ("rev-parse", "HEAD"),
        ("stash", "list"),
    )
    before, index = [git(*words) for words in watched], Path(".git/index").read_bytes()
    with checked_out("HEAD~1") as tree:
        (tree / "train.py").write_text("print('elsewhere')\n")
        git("-C", str(tree), "add", "--all")
        assert not (tree / "hook-was-here").exists()
    assert Path(".git/index").read_bytes() == index
    assert [git(*words) for words in watched] == before


def test_nothing_is_left_at_the_end_nor_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), checked_out("HEAD") as tree:
        assert worktrees()
        assert tree.is_dir()
        raise ZeroDivisionError
    assert worktrees() == []
    assert temporary() == []


def test_dvc_there_uses_this_projects_cache_and_remotes(tmp_path: Path) -> None:
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "remote", "add", "-d", "shared", "../remote"], check=True)
    secret = ["remote", "add", "--local", "private", "s3://bucket"]
    subprocess.run([*dvc, *secret], check=True)
    subprocess.run(
        [*dvc, "remote", "modify", "--local", "private", "secret_access_key", "k,1"], check=True
    )
    with checked_out("HEAD") as tree:
        there = Config(dvc_dir=str(tree / ".dvc"))
        assert Path(there["cache"]["dir"]) == Path(".dvc/cache").absolute()
        assert there["core"]["remote"] == "shared"
        assert Path(there["remote"]["shared"]["url"]) == tmp_path / "remote"
        assert there["remote"]["private"]["secret_access_key"] == "k,1"
        assert Path(there["core"]["site_cache_dir"]).parent == tree.parent
        # Written down as absolute paths, since the folder lies elsewhere.
        assert str(tmp_path) in (tree / ".dvc/config.local").read_text()


def test_a_cache_that_was_moved_is_found() -> None:
    subprocess.run([sys.executable, "-m", "dvc", "cache", "dir", "--local", "../other"], check=True)
    with checked_out("HEAD") as tree:
        cache = Config(dvc_dir=str(tree / ".dvc"))["cache"]["dir"]
        assert Path(cache) == Path("../other").resolve()


def test_downloads_are_a_link_to_the_projects() -> None:
    Path("data/downloads").mkdir(parents=True)
    Path("data/downloads/archive").write_text("bytes")
    with checked_out("HEAD") as tree:
        assert (tree / "data/downloads").is_symlink()
        assert (tree / "data/downloads/archive").read_text() == "bytes"
    assert Path("data/downloads/archive").read_text() == "bytes"


def test_a_project_below_the_repositorys_root_is_found_there(
    committed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (committed / "inner/.dvc").mkdir(parents=True)
    (committed / "inner/params.yaml").write_text("models: {}\n")
    commit_all()
    monkeypatch.chdir(committed / "inner")
    with checked_out("HEAD") as tree:
        assert tree.name == "inner"
        assert (tree / "params.yaml").read_text() == "models: {}\n"
    assert at("HEAD", Path("params.yaml")) == b"models: {}\n"


def test_a_commit_is_named_in_every_way_that_git_knows() -> None:
    first = git("rev-parse", "HEAD~1").strip()
    git("tag", "released", first)
    assert resolve("HEAD~1") == resolve("released") == resolve(first[:12]) == first


@pytest.mark.parametrize("rev", ["nowhere", "0" * 40, "--all", "HEAD:train.py", ""])
def test_an_unknown_revision_is_refused(rev: str) -> None:
    with pytest.raises(UsageError, match="git knows no commit"):
        resolve(rev)
    with pytest.raises(UsageError, match="git knows no commit"), checked_out(rev):
        pass
    assert worktrees() == []


def test_a_file_is_read_as_a_commit_holds_it() -> None:
    assert at("HEAD", Path("train.py")) == b"print('second')\n"
    assert b"training" in (at("HEAD~1", Path("train.py")) or b"")
    assert at("HEAD", Path("nowhere")) is None
    assert at("HEAD", Path("data")) is None


HOLD = """
import sys, time
from assay.gateways.versioning.worktree import checked_out
with checked_out("HEAD") as tree:
    print(tree, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    """Return a process that holds a worktree, at the moment when it does."""
    started = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert started.stdout
    assert Path(started.stdout.readline().strip()).is_dir()
    yield started
    started.kill()
    started.wait()
    started.stdout.close()


def test_ctrl_c_leaves_nothing(holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGINT)
    holder.wait(30)
    assert worktrees() == []
    assert temporary() == []


def test_what_a_killed_run_left_is_removed_by_the_next(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    until(lambda: not alive(holder.pid))
    assert len(worktrees()) == len(temporary()) == 1
    with checked_out("HEAD"):
        assert len(worktrees()) == len(temporary()) == 1
    assert worktrees() == []
    assert temporary() == []


def test_what_another_run_works_in_is_left_alone(holder: subprocess.Popen[str]) -> None:
    with checked_out("HEAD"):
        assert len(worktrees()) == 2
    assert len(worktrees()) == len(temporary()) == 1
    assert alive(holder.pid)


def test_an_entry_whose_folder_is_gone_is_removed_too(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    (left,) = temporary()
    subprocess.run(["rm", "-rf", os.fspath(left)], check=True)
    with checked_out("HEAD"):
        assert len(worktrees()) == 1
    assert worktrees() == []
