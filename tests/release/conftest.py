"""Projects at each state of a release, built once for all tests and workers; tests copy them."""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.release.project import Released, make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def once(base: Path, name: str, make_in: Callable[[Path], Released]) -> Released:
    """Return the project of this name; the first worker that asks makes it."""
    folder = base / "releases" / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        project = folder / "a project"
        if not (folder / "made").exists():
            shutil.rmtree(project, ignore_errors=True)
            make_in(project)
            (folder / "made").touch()
        return Released(project)


def promoted(project: Released, folder: Path) -> Released:
    """Return a copy of a project in which what was built is champion, committed."""
    copy = project.copy(folder)
    assert copy.promote()["promoted"]
    copy.commit("Release")
    return copy


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of all workers."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def built(base: Path) -> Released:
    """A built model that was not promoted."""
    return once(base, "built", make)


@pytest.fixture(scope="session")
def first(base: Path, built: Released) -> Released:
    """Its first champion, committed."""
    return once(base, "first", lambda folder: promoted(built, folder))


@pytest.fixture(scope="session")
def second(base: Path, first: Released) -> Released:
    """A champion, and a challenger in the workspace that learned from another seed."""

    def rebuilt(folder: Path) -> Released:
        project = first.copy(folder)
        project.set("train", seed=14)
        project.build()
        project.commit("Build again")
        return project

    return once(base, "second", rebuilt)


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[Released], Released]:
    """Return a function that copies a project for one test."""
    return lambda project: project.copy(tmp_path / "a copy")
