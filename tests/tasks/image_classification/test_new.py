from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from assay.errors import DataRefused, MissingFile, SettingsError, SourceRefused
from assay.gateways.sources.images import png
from assay.tasks.image_classification import IMAGE_CLASSIFICATION
from assay.tasks.image_classification.new import propose, starting_point
from assay.tasks.image_classification.settings import ImageClassificationModel, ImageTrain
from tests.tasks.image_classification import pictures

if TYPE_CHECKING:
    from pathlib import Path


def folders(root: Path, rows: int = 80, side: int = 40, colour: bool = False) -> Path:
    for row, (pixels, label) in zip(range(rows), pictures.scans(), strict=False):
        shown = np.resize(pixels, (side, side + row % 3))
        if colour:
            shown = np.stack([shown] * 3, axis=2)
        target = root / label / f"{row}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(png(shown))
    return root


def test_settings_fit_the_folder(tmp_path: Path) -> None:
    found = propose(folders(tmp_path / "scans"), {})
    assert found.rows == 80
    settings = found.settings
    assert isinstance(settings, ImageClassificationModel)
    assert settings.labels == tuple(sorted(pictures.LABELS))
    assert settings.ingest.source is None
    assert (settings.train.size, settings.train.channels) == (32, 1)
    assert settings.train.network == "speednet"
    (note,) = found.notes
    assert "mirrored" in note


@pytest.mark.parametrize(
    ("side", "size", "network"), [(9, 16, "speednet"), (64, 64, "speednet"), (300, 128, "resnet18")]
)
def test_size_and_network_follow_the_images(
    tmp_path: Path, side: int, size: int, network: str
) -> None:
    train: Any = propose(folders(tmp_path, side=side, colour=True), {}).settings.train
    assert (train.size, train.network, train.channels) == (size, network, 3)


def test_small_sets_are_trained_for_more_epochs(tmp_path: Path) -> None:
    few: Any = propose(folders(tmp_path / "few", 60), {}).settings.train
    more: Any = propose(folders(tmp_path / "more", 700), {}).settings.train
    assert few.batch_size <= more.batch_size
    assert 8 <= more.epochs <= few.epochs <= 60


def test_a_test_folder_is_noted(tmp_path: Path) -> None:
    folders(tmp_path / "train")
    folders(tmp_path / "test")
    notes = propose(tmp_path, {}).notes
    assert any(note.startswith("80 images stand in a test folder") for note in notes)


def test_images_that_cannot_be_read_are_noted(tmp_path: Path) -> None:
    folders(tmp_path)
    (tmp_path / "one/x.png").write_bytes(b"no image")
    notes = propose(tmp_path, {}).notes
    assert any(note.startswith("1 of 81 images looked at can't be read") for note in notes)


def test_a_table_of_bytes_is_taken_by_its_columns(tmp_path: Path) -> None:
    rows = pd.DataFrame(pictures.table(60)).rename(columns={"image": "scan", "label": "digit"})
    rows.to_parquet(tmp_path / "rows.parquet")
    settings: Any = propose(tmp_path / "rows.parquet", {"image": "scan", "label": "digit"}).settings
    assert (settings.ingest.image, settings.ingest.label) == ("scan", "digit")
    assert settings.labels == tuple(sorted(pictures.LABELS))


def test_a_table_of_paths_needs_the_folder_of_its_images(tmp_path: Path) -> None:
    folders(tmp_path)
    paths = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png"))
    table = pd.DataFrame({"image": paths, "label": [path.split("/")[0] for path in paths]})
    table.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(
        DataRefused, match="names image files, which would not be copied"
    ) as refused:
        propose(tmp_path / "rows.csv", {})
    assert refused.value.cure == f"--data {tmp_path}"
    assert propose(tmp_path, {}).rows == 80, "each image once"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="holds no image with a label") as refused:
        propose(tmp_path, {})
    assert "at least two classes of ten images" in refused.value.expected
    assert "give each class a folder that bears its name" in refused.value.cure


def test_one_class_is_refused(tmp_path: Path) -> None:
    folders(tmp_path)
    for label in ("one", "two", "three"):
        (tmp_path / label).rename(tmp_path / f".{label}")
    with pytest.raises(DataRefused, match="holds one class only: 'zero'"):
        propose(tmp_path, {})


def test_a_class_with_too_few_images_is_refused(tmp_path: Path) -> None:
    folders(tmp_path)
    (tmp_path / "rare").mkdir()
    (tmp_path / "rare/a.png").write_bytes(png(pictures.scans()[0][0]))
    with pytest.raises(DataRefused, match=r"1 classes have too few images: 'rare' \(1\)"):
        propose(tmp_path, {})


def test_images_beside_the_class_folders_are_refused(tmp_path: Path) -> None:
    folders(tmp_path)
    (tmp_path / "a.png").touch()
    with pytest.raises(SourceRefused, match=r"such as a.png"):
        propose(tmp_path, {})


def test_nothing_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="there is nothing at"):
        propose(tmp_path / "nowhere", {})


def test_what_a_model_starts_from_is_looked_for(tmp_path: Path) -> None:
    smallest: dict[str, Any] = {"data": "image", "task": "classification", "labels": ["a", "b"]}
    fresh = ImageClassificationModel.model_validate(smallest)
    assert starting_point(fresh) == f"{ImageTrain().network}, from random weights"
    here = ImageClassificationModel.model_validate(
        smallest | {"train": {"checkpoint": str(tmp_path)}}
    )
    assert starting_point(here) == str(tmp_path)
    lost = ImageClassificationModel.model_validate(
        smallest | {"train": {"checkpoint": "./nowhere"}}
    )
    with pytest.raises(SettingsError, match=r"'./nowhere', which is not there"):
        starting_point(lost)
    assert IMAGE_CLASSIFICATION.starting_point(here) == str(tmp_path)
