from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.paths import ModelPaths
from assay.tasks import registry
from tests import made
from tests.cli.command import Answer, assay
from tests.conftest import settings

if TYPE_CHECKING:
    from collections.abc import Callable
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


def _ingested() -> pd.DataFrame:
    model, files = registry.load_model("mine"), ModelPaths("mine")
    files.raw.parent.mkdir(parents=True, exist_ok=True)
    registry.task_of(model).ingest(model, files.inbox, files.raw)
    return pd.read_parquet(files.raw)


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


def _link_to_nothing(file: Path) -> None:
    file.symlink_to("nowhere.png")


def _link_to_itself(file: Path) -> None:
    file.symlink_to(file.name)


def _link_to_the_folder(file: Path) -> None:
    file.symlink_to("..")


def _link_to_a_device(file: Path) -> None:
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (_link_to_nothing, "is a link to nowhere.png, which is not there"),
        (_link_to_itself, "is a link that leads back to itself"),
        (_link_to_the_folder, "is a link that leads back to the folder it stands in"),
        (_link_to_a_device, "is a device"),
        (os.mkfifo, "is a named pipe"),
    ],
)
def test_what_can_not_be_read_is_named_and_nothing_changes(
    project: Path, scans: Path, make: Callable[[Path], None], found: str
) -> None:
    before = (project / "params.yaml").read_bytes()
    make(scans / "digit 0/odd.png")
    answer = _new(scans)
    assert answer.code == 3
    assert answer.err.startswith(f"assay: {scans}/digit 0/odd.png {found}")
    assert (project / "params.yaml").read_bytes() == before
    assert not ModelPaths("mine").inbox.exists()


def test_class_folders_that_are_links_are_copied_and_read(project: Path, scans: Path) -> None:
    large = scans.rename(scans.with_name("large"))
    scans.mkdir()
    for folder in large.glob("digit *"):
        (scans / folder.name).symlink_to(folder)
    answer = _new(scans)
    assert answer.code == 0, answer.err
    assert sorted(_ingested()["label"].unique()) == CLASSES
    assert not any(path.is_symlink() for path in ModelPaths("mine").inbox.rglob("*"))


def test_linked_folders_in_the_inbox_are_read(project: Path, scans: Path) -> None:
    assert _new(scans).code == 0
    made.digits(scans.with_name("more"), 90)
    (ModelPaths("mine").inbox / "more").symlink_to(scans.with_name("more"))
    assert len(_ingested()) == 170


def test_a_table_may_list_images_of_a_linked_folder(project: Path, scans: Path) -> None:
    table = scans.with_name("with table")
    table.mkdir()
    (table / "images").symlink_to(scans)
    files = sorted(scans.glob("*/*.png"))
    rows = [(f"images/{file.parent.name}/{file.name}", file.parent.name) for file in files]
    pd.DataFrame(rows, columns=["image", "label"]).to_csv(table / "rows.csv", index=False)
    answer = _new(table)
    assert answer.code == 0, answer.err
    assert len(_ingested()) == 80


def test_a_cell_longer_than_any_name_is_an_image_that_is_not_there(
    project: Path, scans: Path
) -> None:
    pd.DataFrame({"image": ["a" * 300 + ".png"], "label": "x"}).to_csv(scans / "a.csv", index=False)
    answer = _new(scans)
    assert answer.code == 3
    assert "names 1 image files that are not there" in answer.err


def test_long_names_of_images_and_of_the_folder_are_read(project: Path, scans: Path) -> None:
    first = scans / "digit 0/000.png"
    first.rename(first.with_name("n" * 249 + ".png"))
    long = scans.rename(scans.with_name("f" * 249))
    answer = _new(long)
    assert answer.code == 0, answer.err
    assert len(_ingested()) == 80


def test_a_name_without_room_for_what_dvc_adds_is_refused(project: Path, scans: Path) -> None:
    long = scans.rename(scans.with_name("f" * 252))
    answer = _new(long)
    assert answer.code == 3
    assert f"the name {'f' * 252} is too long" in answer.err
    assert "251 bytes at most" in answer.err
    assert not ModelPaths("mine").inbox.exists()


def test_class_folders_that_differ_in_space_or_form_are_one_class(
    project: Path, scans: Path
) -> None:
    (scans / "digit 1").rename(scans / "café")
    (scans / "digit 2").rename(scans / "cafe\u0301 ")
    found = json.loads(_new(scans, "--json").out)
    assert found["labels"] == ["café", "digit 0", "digit 3", "digit 4"]
    assert sorted(_ingested()["label"].unique()) == found["labels"]


def test_a_generator_needs_no_labels(project: Path, scans: Path) -> None:
    (scans / "loose.png").write_bytes(next(scans.glob("*/*.png")).read_bytes())
    words = ("new", "mine", "--task", "image-generation", "--data", str(scans))
    answer = assay(*words)
    assert answer.code == 0, answer.err
    assert "mine: a generator of grey images, 16 pixels a side" in answer.out
    assert registry.load_model("mine").labels == ()
    raw = _ingested()
    assert len(raw) == 81
    assert "label" not in raw
