from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.errors import DataRefused, MissingFile, SourceRefused
from assay.gateways.sources.images import png
from assay.tasks.image_generation import new
from assay.tasks.image_generation.new import propose

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, rows: int, side: int = 30, colour: bool = False) -> Path:
    folder.mkdir()
    shape = (side, side + 2, 3) if colour else (side, side + 2)
    for row in range(rows):
        pixels = np.random.default_rng(row).integers(0, 256, shape, dtype=np.uint8)
        (folder / f"{row}.png").write_bytes(png(pixels))
    return folder


@pytest.mark.parametrize(
    ("side", "colour", "size"), [(30, False, 28), (9, True, 8), (300, True, 64)]
)
def test_settings_fit_a_folder_without_labels(
    tmp_path: Path, side: int, colour: bool, size: int
) -> None:
    found = propose(write(tmp_path / "mine", 12, side, colour), {})
    train = found.settings.train
    assert (found.rows, found.notes) == (12, [])
    assert (train.size, train.channels) == (size, 3 if colour else 1)
    assert found.settings.labels == ()


def test_small_sets_are_trained_for_more_epochs_in_smaller_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new, "MOST_EPOCHS", 1000)
    few, more = (
        propose(write(tmp_path / str(rows), rows, 8), {}).settings.train for rows in (40, 2000)
    )
    assert few.epochs > more.epochs >= 10
    assert few.batch_size < more.batch_size


def test_a_table_of_bytes_needs_no_label(tmp_path: Path) -> None:
    table = pd.DataFrame({"shown": [png(np.full((9, 9), row, np.uint8)) for row in range(12)]})
    table.to_parquet(tmp_path / "rows.parquet")
    found = propose(tmp_path / "rows.parquet", {"image": "shown"})
    assert found.settings.ingest.image == "shown"
    assert found.rows == 12
    with pytest.raises(SourceRefused, match="no column 'image'"):
        propose(tmp_path / "rows.parquet", {})


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        propose(tmp_path / "nowhere", {})
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataRefused, match="holds no image"):
        propose(tmp_path / "empty", {})
