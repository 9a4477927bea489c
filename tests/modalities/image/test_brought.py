from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.errors import DataRefused, MissingFile, SourceRefused
from assay.gateways.sources.images import png
from assay.gateways.sources.listed import Columns
from assay.modalities.image import brought
from assay.modalities.image.brought import Seen

if TYPE_CHECKING:
    from pathlib import Path

UNLABELLED = Columns(label=None)


def put(file: Path, side: int = 8, channels: int = 1) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    shape = (side, side + 1) if channels == 1 else (side, side + 1, 3)
    file.write_bytes(png(np.random.default_rng(side).integers(0, 256, shape, dtype=np.uint8)))


def test_images_of_a_folder_are_counted_and_some_headers_read(tmp_path: Path) -> None:
    for place, name in enumerate(("cat/a", "cat/b", "test/dog/c", "dog/d")):
        put(tmp_path / f"{name}.png", 8 + place)
    (tmp_path / "cat/e.png").write_bytes(b"no image")
    found = brought.found(tmp_path, Columns())
    seen = brought.examined(found)
    assert len(found) == 5
    assert seen.labels == Counter(cat=3, dog=2)
    assert sorted(seen.sides) == [8, 9, 10, 11]
    assert (seen.coloured, seen.unreadable, seen.examined, seen.in_test) == (False, 1, 5, 1)
    first, second = seen.notes(0.02)
    assert first.startswith("1 images stand in a test folder")
    assert second == "1 of 5 images looked at can't be read; `validate` allows 2%"


def test_without_labels_images_may_lie_anywhere(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    put(tmp_path / "deep/b.png", channels=3)
    with pytest.raises(SourceRefused, match="itself"):
        brought.found(tmp_path, Columns())
    seen = brought.examined(brought.found(tmp_path, UNLABELLED))
    assert seen.labels == Counter()
    assert seen.coloured
    assert seen.notes(0.02) == []


def test_a_side_is_the_largest_that_half_of_the_images_reach() -> None:
    def seen(*sides: int) -> Seen:
        return Seen(Counter(), list(sides), False, 0, len(sides), 0)

    assert seen(40, 30, 10).side((8, 16, 28, 32)) == 28
    assert seen(4, 5, 90).side((8, 16)) == 8
    assert seen().side((8, 16)) == 8


@pytest.mark.parametrize("columns", [Columns(), UNLABELLED])
def test_what_is_not_there_or_would_not_be_copied_is_refused(
    tmp_path: Path, columns: Columns
) -> None:
    with pytest.raises(MissingFile, match="nothing at"):
        brought.found(tmp_path / "nowhere", columns)
    put(tmp_path / "a.png")
    pd.DataFrame({"image": ["a.png"], "label": ["x"]}).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataRefused, match="names image files") as refused:
        brought.found(tmp_path / "rows.csv", columns)
    assert refused.value.cure == f"--data {tmp_path}"
