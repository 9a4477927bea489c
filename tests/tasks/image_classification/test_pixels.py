from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from assay.modalities.image import kept_pixels
from assay.paths import ModelPaths
from assay.tasks.image_classification import pixels
from assay.tasks.image_classification.settings import ImageTrain
from tests import made
from tests.tasks.image_classification.made import labelled_scans

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
SETTINGS = ImageTrain(size=16, channels=1)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    scans = labelled_scans(260)
    for name, rows in (("train", slice(0, 200)), ("validation", slice(200, 260))):
        scans.iloc[rows].reset_index(drop=True).to_parquet(FILES.split(name))


def test_pixels_are_kept_and_made_again_when_the_split_or_the_size_changes() -> None:
    first = pixels.of_split(FILES, "train", SETTINGS)
    assert first.dtype == torch.uint8
    assert first.shape == (200, 16, 16, 1)
    (kept,) = (kept_pixels.FOLDER / FILES.model).iterdir()
    stamp = kept.stat().st_mtime_ns
    assert torch.equal(pixels.of_split(FILES, "train", SETTINGS), first)
    assert kept.stat().st_mtime_ns == stamp
    first[0] = 0
    again = pixels.of_split(FILES, "train", SETTINGS)
    assert int(again[0].max()) > 0, "what is changed in memory stays there"
    larger = pixels.of_split(FILES, "train", SETTINGS.model_copy(update={"size": 24}))
    assert larger.shape == (200, 24, 24, 1)
    assert not kept.exists()


def test_pixels_are_the_rows_in_their_order_resized_with_antialiasing() -> None:
    found = pixels.of_split(FILES, "validation", SETTINGS)
    table = pd.read_parquet(FILES.split("validation"))
    for row in (0, 17, 59):
        image = Image.open(io.BytesIO(table["image"][row]))
        expected = np.asarray(image.resize((16, 16), Image.Resampling.BILINEAR), dtype=int)
        assert np.abs(found[row, :, :, 0].numpy().astype(int) - expected).max() <= 1
