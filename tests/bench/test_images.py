from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from bench import images

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_of_images_goes_through_both_stages_and_their_memory_is_told(
    tmp_path: Path,
) -> None:
    found = images.measure(150, tmp_path)
    assert [taken.stage for taken in found] == ["ingest", "validate"]
    assert all(20 < taken.mebibytes < 4000 for taken in found)
    raw = pd.read_parquet(tmp_path / "data/raw/many.parquet", columns=["label"])
    assert raw["label"].value_counts().to_dict() == {f"bar {n}": 15 for n in range(10)}
