from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from assay.errors import (
    UnknownModel,
    UsageError,
)
from assay.gateways import versioning
from tests.gateways.versioning.made import PARAMS, commit_all


def test_stages_come_in_the_order_of_execution_and_of_one_model_alone(project: Path) -> None:
    assert versioning.stages_of("tiny") == ["ingest@tiny", "train@tiny"]


def test_stages_of_an_unknown_model_name_the_valid_ones(project: Path) -> None:
    with pytest.raises(UnknownModel, match="tiny, tiny-two"):
        versioning.stages_of("tinny")


def test_a_changed_byte_and_a_missing_file_are_found_behind_dvcs_back(project: Path) -> None:
    versioning.reproduce("train@tiny", on_line=lambda _: None)
    weights = Path("models/tiny/sub/weights")
    before = weights.stat()
    content = bytearray(weights.read_bytes())
    content[10] ^= 1
    weights.write_bytes(content)
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    Path("data/raw/tiny.parquet").unlink()

    assert versioning.verify_outputs("tiny") == [
        "data/raw/tiny.parquet: missing",
        "models/tiny: altered",
    ]


def test_a_model_has_outputs_as_long_as_one_of_them_is_there(project: Path) -> None:
    assert not versioning.has_outputs("tiny")
    versioning.reproduce("train@tiny", on_line=lambda _: None)
    assert versioning.has_outputs("tiny")
    assert not versioning.has_outputs("tiny-two")
    Path("data/raw/tiny.parquet").unlink()
    assert versioning.has_outputs("tiny")
    shutil.rmtree("models/tiny")
    assert versioning.lock_entries("tiny")
    assert not versioning.has_outputs("tiny")


def test_outside_a_project_nothing_is_asked_of_dvc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for ask in (versioning.stages_of, versioning.reproduce):
        with pytest.raises(UsageError, match=r"no params\.yaml"):
            ask("tiny")
    assert list(tmp_path.iterdir()) == []


def test_without_git_the_cure_is_named(project: Path) -> None:
    shutil.rmtree(".git")
    with pytest.raises(UsageError, match="git init"):
        versioning.stages_of("tiny")


def test_git_tells_the_commit_and_what_differs_from_it(project: Path) -> None:
    assert versioning.commit() is None
    commit_all()
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert versioning.commit() == head.stdout.strip()
    assert not versioning.dirty()
    Path("params.yaml").write_text(PARAMS + "\n")
    assert versioning.dirty()


def test_outside_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert versioning.commit() is None
    assert not versioning.dirty()
