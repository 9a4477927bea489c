from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.errors import DataRefused
from assay.files import sha256
from assay.modalities.table.split import leaks, split
from assay.objectives.classification.label_rules import LabelRules
from assay.paths import SPLITS
from assay.settings.table import TableIngest, TableSplit
from tests.tasks.table_classification.made import CATEGORIES, NUMBERS, TWO, people

if TYPE_CHECKING:
    from pathlib import Path

    from assay.records import SplitReport

SETTINGS = TableIngest(numbers=NUMBERS, categories=CATEGORIES)


def assigned(
    folder: Path, rows: pd.DataFrame, **settings: Any
) -> tuple[SplitReport, dict[str, str]]:
    """Split; return the report, and the side of every row that was kept."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "raw.parquet"
    table = rows if "id" in rows else rows.assign(id=[f"{row:04}" for row in range(len(rows))])
    table.to_parquet(raw, index=False)
    chosen = TableSplit.model_validate(settings)
    report = split(raw, SETTINGS, chosen, LabelRules(TWO), folder)
    return report, {row: name for name in SPLITS for row in read(folder, name)["id"]}


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


def test_every_row_goes_to_one_side_features_by_their_types(tmp_path: Path) -> None:
    report, sides = assigned(tmp_path, people(300))
    assert report.kept == report.rows == len(sides) == 300
    assert report.leaks == {"exact": 0}
    for name in SPLITS:
        part = read(tmp_path, name)
        assert report.splits[name].rows == len(part) > 10
        assert {part[column].dtype.kind for column in NUMBERS} == {"f"}
        assert not part[list(CATEGORIES)].isin(["?"]).any(axis=None)
        assert part[list(CATEGORIES)].notna().all(axis=None)
    train = read(tmp_path, "train")
    assert train["hours per week"].isna().any()
    assert train["work"].eq("").any()


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assigned(tmp_path / name, people(200))
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")


def test_a_row_never_changes_its_side(tmp_path: Path) -> None:
    table = people(200)
    _, before = assigned(tmp_path / "a", table)
    more = people(100, seed=5)
    joined = pd.concat([more, table], ignore_index=True)
    joined["id"] = [f"new {row}" for row in range(100)] + [f"{row:04}" for row in range(200)]
    _, after = assigned(tmp_path / "b", joined)
    assert {row: after[row] for row in before} == before
    _, other = assigned(tmp_path / "c", table, seed=14)
    assert other != before


def test_a_row_given_twice_stands_on_one_side_once(tmp_path: Path) -> None:
    table = people(200)
    again = table.assign(age=table["age"] + ".0", work=" " + table["work"])
    report, sides = assigned(tmp_path, pd.concat([table, again], ignore_index=True))
    assert report.dropped == {"empty": 0, "duplicate": 200, "conflict": 0, "any_kind": 200}
    assert set(sides) == {f"{row:04}" for row in range(200)}
    assert report.leaks == {"exact": 0}


def test_conflicting_labels_are_all_left_out(tmp_path: Path) -> None:
    table = people(200)
    other = table.iloc[:9].assign(label=table["label"].map({TWO[0]: TWO[1], TWO[1]: TWO[0]}))
    report, sides = assigned(tmp_path, pd.concat([table, other], ignore_index=True))
    assert report.dropped["conflict"] == 18
    assert set(sides) == {f"{row:04}" for row in range(9, 200)}


@pytest.mark.parametrize(("one", "other"), list(combinations(SPLITS, 2)))
def test_leaks_are_counted_in_what_was_written(tmp_path: Path, one: str, other: str) -> None:
    assigned(tmp_path, people(200))
    assert leaks(tmp_path, SETTINGS) == 0
    both = pd.concat([read(tmp_path, other), read(tmp_path, one).head(3)])
    both.to_parquet(tmp_path / f"{other}.parquet", index=False)
    assert leaks(tmp_path, SETTINGS) == 3


def test_too_few_rows_for_three_splits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="distinct rows leave the split"):
        assigned(tmp_path, people(4), validation=0.01, test=0.01)


def test_a_class_without_a_row_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=f"is left for {TWO[1]}"):
        assigned(tmp_path, people(100).assign(label=TWO[0]))
