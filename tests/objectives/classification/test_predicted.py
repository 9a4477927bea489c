"""How often two tables of predictions name the same class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.objectives.classification.predicted import share_agreeing

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, labels: dict[str, str]) -> Path:
    table = pd.DataFrame({"id": list(labels), "predicted_label": list(labels.values())})
    table.assign(score=0.5, text="not read").to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("found", "share"),
    [
        ({"1": "a", "2": "b", "3": "a"}, 1.0),
        ({"3": "a", "1": "a", "2": "b"}, 1.0),
        ({"1": "b", "2": "b", "3": "a"}, 2 / 3),
        ({"1": "a", "2": "b"}, 2 / 3),
        ({"1": "a", "2": "b", "3": "a", "4": "a"}, 3 / 4),
        ({}, 0.0),
    ],
    ids=["equal", "in another order", "one other", "one less", "one more", "none"],
)
def test_rows_are_matched_by_their_id(tmp_path: Path, found: dict[str, str], share: float) -> None:
    expected = write(tmp_path / "expected.parquet", {"1": "a", "2": "b", "3": "a"})
    assert share_agreeing(expected, write(tmp_path / "found.parquet", found)) == share


def test_two_empty_tables_agree_in_nothing(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.parquet", {})
    assert share_agreeing(empty, empty) == 0.0
