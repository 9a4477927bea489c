"""Old objects of a real cache: removed only where nothing names them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from assay.errors import StageFailed
from assay.gateways import versioning
from tests.gateways.versioning.made import commit_all

CACHE = Path(".dvc/cache/files/md5")


def objects() -> set[str]:
    return {path.relative_to(CACHE).as_posix() for path in CACHE.rglob("*") if path.is_file()}


def make_old() -> None:
    for path in CACHE.rglob("*"):
        os.utime(path, (0, 0))


@pytest.fixture
def filled(project: Path) -> Path:
    """A project with outputs in its cache, committed, and then gone from lock and inbox."""
    versioning.reproduce("train@tiny", on_line=lambda _: None)
    commit_all()
    Path("dvc.lock").unlink()
    shutil.rmtree("data/inbox")
    make_old()
    return project


def test_what_an_earlier_commit_names_stays(filled: Path) -> None:
    commit_all()
    before = objects()
    assert versioning.remove_unused(set(), days=30) == (0, 0)
    assert objects() == before


def test_what_no_commit_names_goes_once_it_is_old(filled: Path) -> None:
    junk = CACHE / "00" / ("0" * 30)
    junk.parent.mkdir(exist_ok=True)
    junk.write_bytes(b"junk")
    assert versioning.remove_unused(set(), days=30) == (0, 0)
    os.utime(junk, (0, 0))
    assert versioning.remove_unused({"0" * 32}, days=30) == (0, 0)
    assert versioning.remove_unused(set(), days=30) == (1, 4)
    assert not junk.exists()


def test_where_git_cannot_say_what_is_named_nothing_is_removed(filled: Path) -> None:
    before = objects()
    for path in Path(".git/objects").rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(StageFailed, match="nothing was removed"):
        versioning.remove_unused(set(), days=30)
    assert objects() == before
