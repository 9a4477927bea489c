"""A commit in a clean git worktree, in a temporary folder of its own.

Reads git's objects, DVC's configuration and the worktrees that git knows. Writes the temporary
folder, and git's entry of the worktree (``.git/worktrees``); both are removed at the end, and by
the next call where a killed one left them. Never writes to the user's files, index or branch, and
runs none of the user's git hooks.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import StageFailed, UsageError
from assay.gateways.versioning import git
from assay.paths import DOWNLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "assay-worktree-"
HELD = "held"
DVC = Path(".dvc")


def resolve(rev: str) -> str:
    """Return the full hash of the commit that ``rev`` names: a hash, a tag, a branch, ``HEAD~2``.

    Raises:
        UsageError: git knows no such commit here.

    """
    done = git.run("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
    if rev.startswith("-") or done.returncode:
        raise UsageError(
            f"git knows no commit {rev!r} here",
            expected="a commit, tag or branch of this repository",
            cure="git log --oneline lists commits; git fetch --unshallow --tags brings what a "
            "clone lacks",
        )
    return done.stdout.decode().strip()


def at(commit: str, path: Path) -> bytes | None:
    """Return a file as a commit holds it, ``path`` relative to the project; None where it doesn't.

    Raises:
        UsageError: as :func:`resolve`.

    """
    done = git.run("cat-file", "blob", f"{resolve(commit)}:./{path.as_posix()}")
    return done.stdout if done.returncode == 0 else None


def names_at(commit: str, folder: Path) -> list[Path]:
    """Return what lies in a folder of the project as a commit holds it; nothing where it is not.

    Raises:
        UsageError: as :func:`resolve`.

    """
    done = git.run("ls-tree", "-z", "--name-only", resolve(commit), f"./{folder.as_posix()}/")
    listed = done.stdout.decode(errors="surrogateescape").split("\0")
    return [Path(name) for name in listed if name] if done.returncode == 0 else []


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Yield the project's folder in a new worktree at ``commit``, with no branch checked out.

    DVC there uses this project's cache and remotes, and its state in the temporary folder.
    ``data/downloads`` is a link to this project's: what is read from it is compared with its
    SHA-256, and what a source fetches stays there, as after any run. Nothing else of the user's
    folder is there. Works relative to the project's root, as every command does.

    Raises:
        UsageError: as :func:`resolve`.
        StageFailed: git could not make the worktree; what it said.

    """
    found = resolve(commit)
    _remove_leftovers()
    within = git.run("rev-parse", "--show-prefix").stdout.decode().strip()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    with (folder / HELD).open("wb") as held:
        # The next run takes a folder whose lock is free for a leftover.
        fcntl.flock(held, fcntl.LOCK_EX)
        tree = folder / "tree"
        try:
            done = git.run("worktree", "add", "--quiet", "--detach", str(tree), found)
            if done.returncode:
                raise StageFailed(
                    f"git made no worktree of {found}: {done.stderr.decode(errors='replace')}",
                    expected=f"room in {folder.parent}, and git's objects whole",
                    cure="git fsck tells whether objects are missing; TMPDIR names another folder",
                )
            _configure(tree / within, folder)
            yield tree / within
        finally:
            _remove(folder)


def _configure(project: Path, folder: Path) -> None:
    """Give the worktree this project's cache, remotes and downloads."""
    from dvc.config import Config, merge

    ours = Config(dvc_dir=str(DVC))
    carried: dict[str, Any] = {}
    for level in ("repo", "local"):
        merge(carried, ours.load_one(level))
    # Relative paths were resolved against this project: plain text, or DVC makes them relative.
    for section in (carried["cache"], *carried["remote"].values()):
        section |= {key: str(item) for key, item in section.items() if isinstance(item, str)}
    carried["cache"].setdefault("dir", str((DVC / "cache").absolute()))
    carried["core"]["site_cache_dir"] = str(folder / "dvc")
    (project / DVC).mkdir(exist_ok=True)
    with Config(dvc_dir=str(project / DVC)).edit("local") as local:
        local.update({name: section for name, section in carried.items() if section})
    link = project / DOWNLOADS
    if DOWNLOADS.is_dir() and not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(DOWNLOADS.absolute(), target_is_directory=True)


def _remove_leftovers() -> None:
    """Remove the worktrees of calls that were killed: nobody holds their lock any more."""
    listed = git.run("worktree", "list", "--porcelain").stdout.decode(errors="surrogateescape")
    for line in listed.splitlines():
        folder = Path(line.removeprefix("worktree ")).parent
        if not (line.startswith("worktree ") and folder.name.startswith(PREFIX)):
            continue
        if not (folder / HELD).exists():
            _remove(folder)
            continue
        with (folder / HELD).open("rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a temporary folder, and git's entry of the worktree in it last."""
    shutil.rmtree(folder, ignore_errors=True)
    git.run("worktree", "remove", "--force", str(folder / "tree"))
