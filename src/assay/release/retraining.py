"""A retraining's own folder: a clean worktree, so that nobody's open files are touched.

Reads this folder and git. Writes a worktree of the commit that is checked out (or of
``retrain/<model>``, where that goes on from it) with this folder's inbox of the model,
``dvc.lock``, releases and ``.assay/``, and works there. Afterwards brings ``dvc.lock``, new
pointers and the model's outputs into this folder, unless somebody changed code, settings or
``dvc.lock`` here. Leaves a commit where the settings ask for it.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay.files import remove, replacing, sha256
from assay.gateways import tracking, versioning
from assay.paths import PIPELINE_LOCK, RELEASES, SCRATCH, ModelPaths
from assay.release.evidence import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

# What of a release is in git.
KEPT_OUT = shutil.ignore_patterns("bundle")


@dataclass(frozen=True)
class Workplace:
    """Where a retraining works, and where the user does.

    Attributes:
        model: its name.
        home: the user's folder.
        tree: the worktree; ``home`` itself where nothing is under a commit.
        lock: digest of ``home``'s ``dvc.lock`` at the beginning; empty where there was none.

    """

    model: str
    home: Path
    tree: Path
    lock: str

    @property
    def is_clean(self) -> bool:
        """Whether this is a folder of its own."""
        return self.tree != self.home


@contextmanager
def workplace(model: str) -> Iterator[Workplace]:
    """Change into a clean worktree, and back at the end.

    Raises:
        UsageError, StageFailed: git can make no worktree.

    """
    home = Path.cwd()
    commit = versioning.commit()
    if commit is None:
        yield Workplace(model, home, home, "")
        return
    base = versioning.tip_of(branch(model), commit)
    with tracking.fixed_address(), versioning.checked_out(base) as tree:
        lock = sha256(PIPELINE_LOCK) if PIPELINE_LOCK.is_file() else ""
        _carry(home, tree, model)
        os.chdir(tree)
        try:
            yield Workplace(model, home, tree, lock)
        finally:
            os.chdir(home)


def branch(model: str) -> str:
    """Return the branch that scheduled retrainings of a model are committed to."""
    return f"retrain/{model}"


def bring_home(at: Workplace) -> str | None:
    """Bring what was made into the user's folder; return why not, where it was left alone."""
    if not at.is_clean:
        return None
    made = at.tree / PIPELINE_LOCK
    os.chdir(at.home)
    try:
        if changed := versioning.changed(*OUTSIDE):
            return (
                f"your folder was left as it is: {', '.join(changed[:3])} differs from the commit"
            )
        if (sha256(PIPELINE_LOCK) if PIPELINE_LOCK.is_file() else "") != at.lock:
            return f"your folder was left as it is: {PIPELINE_LOCK} changed meanwhile"
        with replacing(PIPELINE_LOCK) as beside:
            shutil.copyfile(made, beside)
        _copy_pointers(at)
        versioning.check_out(at.model)
    finally:
        os.chdir(at.tree)
    return None


def commit(at: Workplace, subject: str) -> str | None:
    """Commit lock, pointers and releases to the model's branch; return the commit.

    None where nothing is under a commit, or nothing changed.
    """
    if not at.is_clean:
        return None
    remove(RELEASES)
    if (at.home / RELEASES).is_dir():
        shutil.copytree(at.home / RELEASES, RELEASES, ignore=KEPT_OUT)
    paths = (PIPELINE_LOCK, ModelPaths(at.model).inbox, RELEASES)
    made = versioning.commit_to(
        branch(at.model), [path for path in paths if path.exists()], subject
    )
    _link(at.home, at.tree, RELEASES)
    return made


def _carry(home: Path, tree: Path, model: str) -> None:
    """Give the worktree what is not the commit's: data, lock, releases, this machine's scratch."""
    if (home / PIPELINE_LOCK).is_file():
        shutil.copyfile(home / PIPELINE_LOCK, tree / PIPELINE_LOCK)
    inbox = ModelPaths(model).inbox
    remove(tree / inbox)
    if (home / inbox).is_dir():
        shutil.copytree(home / inbox, tree / inbox)
    for path in (RELEASES, SCRATCH):
        _link(home, tree, path)


def _link(home: Path, tree: Path, path: Path) -> None:
    (home / path).mkdir(parents=True, exist_ok=True)
    remove(tree / path)
    (tree / path).symlink_to(home / path, target_is_directory=True)


def _copy_pointers(at: Workplace) -> None:
    """Copy what names versions of the inbox; the entries themselves are there."""
    inbox = ModelPaths(at.model).inbox
    if not (at.tree / inbox).is_dir():
        return
    for made in sorted((at.tree / inbox).iterdir()):
        if made.suffix == ".dvc" or made.name == ".gitignore":
            shutil.copyfile(made, inbox / made.name)
