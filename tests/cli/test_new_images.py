from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.paths import ModelPaths
from assay.tasks import registry
from tests import made
from tests.cli.command import Answer, assay
from tests.conftest import settings

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = [f"digit {number}" for number in range(5)]


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    made.lay_out_plain(folder, settings(checkpoint))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    made.digits(tmp_path / "scans", 80)
    (tmp_path / "scans/.DS_Store").touch()
    return tmp_path / "scans"


def _new(data: Path | str, *flags: str) -> Answer:
    return assay("new", "mine", "--task", "image-classification", "--data", str(data), *flags)


def test_a_folder_becomes_a_model_with_no_further_edit(project: Path, scans: Path) -> None:
    answer = _new(scans)
    assert answer.code == 0, answer.err
    assert "mine: 5 classes (digit 0, digit 1, digit 2, digit 3, digit 4)" in answer.out
    assert answer.out.endswith("next: assay run mine\n")
    model, files = registry.load_model("mine"), ModelPaths("mine")
    files.raw.parent.mkdir(parents=True)
    registry.task_of(model).ingest(model, files.inbox, files.raw)
    raw = pd.read_parquet(files.raw)
    assert len(raw) == 80
    assert sorted(raw["label"].unique()) == CLASSES
    assert raw["id"].str.startswith("scans/digit ").all()
    assert not (files.inbox / "scans/.DS_Store").exists()


def test_a_program_gets_one_json_object(project: Path, scans: Path) -> None:
    found = json.loads(_new(scans, "--json").out)
    assert found["rows"] == 80
    assert found["labels"] == CLASSES
    assert found["next"] == "assay run mine"


def test_the_folder_where_one_stands_is_taken_by_its_name(
    project: Path, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = _new(f"{scans}/digit 0/..")
    assert answer.code == 0, answer.err
    assert (ModelPaths("mine").inbox / "scans/digit 0/000.png").is_file()


@pytest.mark.parametrize(
    ("data", "code", "found"),
    [
        ("nowhere", 2, "there is nothing at nowhere"),
        ("data", 3, "data holds no image with a label"),
        ("expectations", 3, "holds no image with a label"),
    ],
)
def test_data_that_does_not_fit_is_refused_before_anything_changes(
    project: Path, data: str, code: int, found: str
) -> None:
    before = (project / "params.yaml").read_bytes()
    answer = _new(data)
    assert answer.code == code
    assert found in answer.err
    assert (project / "params.yaml").read_bytes() == before
    assert not ModelPaths("mine").inbox.exists()


def test_a_folder_that_holds_the_project_is_not_copied_into_itself(
    project: Path, scans: Path
) -> None:
    before = (project / "params.yaml").read_bytes()
    made.digits(project, 80)
    answer = _new(".")
    assert answer.code == 2
    assert ". holds this project" in answer.err
    assert (project / "params.yaml").read_bytes() == before
