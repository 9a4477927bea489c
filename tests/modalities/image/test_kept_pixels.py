from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from assay.modalities.image import kept_pixels
from assay.modalities.image.kept_pixels import of_table, squared
from tests.tasks.image_classification import pictures

if TYPE_CHECKING:
    from pathlib import Path

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def turned(pixels: Pixels, side: int) -> Pixels:
    """Resize and turn upside down: another way to give an image its size."""
    return squared(pixels, side)[::-1]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pictures.write(tmp_path / "train.parquet", pictures.table(12))
    return tmp_path / "train.parquet"


def test_pixels_are_the_rows_in_their_order(table: Path) -> None:
    found = of_table(table, kept_pixels.FOLDER / "mine", 6, 1, squared)
    assert found.dtype == np.uint8
    assert found.shape == (12, 6, 6, 1)
    for row, own in enumerate(pictures.table(12)):
        grey = Image.open(io.BytesIO(own["image"])).convert("L")
        expected = np.asarray(grey.resize((6, 6), Image.Resampling.BILINEAR))
        assert np.array_equal(found[row, :, :, 0], expected)


def test_they_are_kept_until_the_table_the_size_or_the_way_changes(table: Path) -> None:
    folder = kept_pixels.FOLDER / "mine"
    of_table(table, folder, 6, 1, squared)
    (kept,) = folder.iterdir()
    stamp = kept.stat().st_mtime_ns
    again = of_table(table, folder, 6, 1, squared)
    assert kept.stat().st_mtime_ns == stamp
    again[0] = 7
    assert not (of_table(table, folder, 6, 1, squared)[0] == 7).all()
    other = of_table(table, folder, 6, 1, turned)
    assert not kept.exists()
    assert np.array_equal(other[:, ::-1], of_table(table, folder, 6, 1, squared))
    assert of_table(table, folder, 8, 3, squared).shape == (12, 8, 8, 3)
    assert len(list(folder.iterdir())) == 1


def test_an_image_of_the_right_size_is_left_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    assert squared(pixels, 9) is pixels
    assert squared(pixels[:5], 9).shape == (9, 9, 3)
    assert squared(pixels[:, :, :1], 4).shape == (4, 4, 1)
