from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.modalities.image.parallel import FEW, map_images

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("rows", [0, 3, FEW - 1, FEW, FEW + 200])
def test_every_row_is_looked_at_once_and_in_order(tmp_path: Path, rows: int) -> None:
    contents = [b"x" * (place % 300 + 1) if place % 7 else None for place in range(rows)]
    table = tmp_path / "table.parquet"
    pd.DataFrame({"image": pd.Series(contents, dtype=object)}).to_parquet(table)
    expected = [len(content or b"") for content in contents]
    assert list(map_images(table, len, "looking")) == expected


def test_what_fails_in_another_process_fails_here(tmp_path: Path) -> None:
    table = tmp_path / "table.parquet"
    pd.DataFrame({"image": [b"1"] * FEW + [b"no number"]}).to_parquet(table)
    with pytest.raises(ValueError, match="no number"):
        list(map_images(table, int, "looking"))
