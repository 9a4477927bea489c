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
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

# What of a release is in git.
KEPT_OUT = shutil.ignore_patterns("bundle")


@dataclass(frozen=True)
class Worktree:
    """Where a retraining works, and where the user does.

    Attributes:
        model: its name.
        project: the user's folder.
        folder: the project in the worktree; ``project`` itself where nothing is under a commit.
        lock: digest of the user's ``dvc.lock`` at the beginning; empty where there was none.

    """

    model: str
    project: Path
    folder: Path
    lock: str

    @property
    def is_clean(self) -> bool:
        """Whether this is a folder of its own."""
        return self.folder != self.project


@contextmanager
def clean_worktree(model: str) -> Iterator[Worktree]:
    """Change into a clean worktree, and back at the end.

    Raises:
        UsageError, StageFailed: git can make no worktree.

    """
    project = Path.cwd()
    commit = versioning.commit()
    if commit is None:
        yield Worktree(model, project, project, "")
        return
    base = versioning.tip_of(branch(model), commit)
    with tracking.fixed_address(), versioning.checked_out(base) as folder:
        lock = sha256(PIPELINE_LOCK) if PIPELINE_LOCK.is_file() else ""
        _copy_inputs(project, folder, model)
        os.chdir(folder)
        try:
            yield Worktree(model, project, folder, lock)
        finally:
            os.chdir(project)


def branch(model: str) -> str:
    """Return the branch that scheduled retrainings of a model are committed to."""
    return f"retrain/{model}"


def save(at: Worktree, outcome: str) -> list[str]:
    """Commit, push and copy back what a retraining made, as the settings ask; say what was done.

    Raises:
        UnknownModel, SettingsError: as :func:`assay.tasks.registry.load_model`.
        StageFailed: what git or DVC said.

    """
    notes: list[str | None] = []
    if registry.load_model(at.model).retrain.commit:
        made = commit(at, f"Retrain {at.model}: {outcome.partition(':')[0]}")
        notes.append(made and f"commit {made[:12]} on {branch(at.model)}")
    notes += [versioning.push(at.model), copy_back(at)]
    return [note for note in notes if note]


def copy_back(at: Worktree) -> str | None:
    """Copy what was made into the user's folder; return why not, where it was left alone."""
    if not at.is_clean:
        return None
    made = at.folder / PIPELINE_LOCK
    os.chdir(at.project)
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
        os.chdir(at.folder)
    return None


def commit(at: Worktree, subject: str) -> str | None:
    """Commit lock, pointers and releases to the model's branch; return the commit.

    None where nothing is under a commit, or nothing changed.
    """
    if not at.is_clean:
        return None
    remove(RELEASES)
    if (at.project / RELEASES).is_dir():
        shutil.copytree(at.project / RELEASES, RELEASES, ignore=KEPT_OUT)
    paths = (PIPELINE_LOCK, ModelPaths(at.model).inbox, RELEASES)
    made = versioning.commit_to(
        branch(at.model), [path for path in paths if path.exists()], subject
    )
    _link(at.project, at.folder, RELEASES)
    return made


def _copy_inputs(project: Path, folder: Path, model: str) -> None:
    """Give the worktree what is not the commit's: data, lock, releases, this machine's scratch."""
    if (project / PIPELINE_LOCK).is_file():
        shutil.copyfile(project / PIPELINE_LOCK, folder / PIPELINE_LOCK)
    inbox = ModelPaths(model).inbox
    remove(folder / inbox)
    if (project / inbox).is_dir():
        shutil.copytree(project / inbox, folder / inbox)
    for path in (RELEASES, SCRATCH):
        _link(project, folder, path)


def _link(project: Path, folder: Path, path: Path) -> None:
    (project / path).mkdir(parents=True, exist_ok=True)
    remove(folder / path)
    (folder / path).symlink_to(project / path, target_is_directory=True)


def _copy_pointers(at: Worktree) -> None:
    """Copy what names versions of the inbox; the entries themselves are there."""
    inbox = ModelPaths(at.model).inbox
    if not (at.folder / inbox).is_dir():
        return
    for made in sorted((at.folder / inbox).iterdir()):
        if made.suffix == ".dvc" or made.name == ".gitignore":
            shutil.copyfile(made, inbox / made.name)
