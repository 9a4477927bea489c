from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.modalities.table.measure import NONE, measure
from assay.objectives.classification.label_rules import LabelRules
from assay.settings.table import TableIngest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.modalities.targets import Measurement


def measured(
    folder: Path,
    table: pd.DataFrame,
    columns: Mapping[str, list[str]] | None = None,
    most: int = 50,
) -> Measurement:
    """Measure a table; without ``columns`` its numbers are ``age`` and its categories ``job``."""
    raw = folder / "raw.parquet"
    rows = len(table)
    given = {"id": [f"{row}" for row in range(rows)], "label": ["a", "b"] * (rows // 2)}
    table.assign(**{name: given[name] for name in given if name not in table}).to_parquet(raw)
    settings = TableIngest.model_validate(columns or {"numbers": ["age"], "categories": ["job"]})
    return measure(raw, settings, LabelRules(("a", "b")), max_categories=most)


def people(age: list[Any] | None = None, job: list[Any] | None = None) -> pd.DataFrame:
    rows = len(age or job or [])
    own = {"age": [f"{row}" for row in range(rows)], "job": [f"j{row % 3}" for row in range(rows)]}
    own |= {name: values for name, values in (("age", age), ("job", job)) if values is not None}
    return pd.DataFrame(own, dtype="str")


def test_sound_rows_are_measured_and_none_is_dropped(tmp_path: Path) -> None:
    found = measured(tmp_path, people(age=["1", "2", "3", "4"]))
    for name in ("wrong_type", "extreme", "empty", "duplicate", "conflict", "dropped"):
        assert not found.table[name].any(), name
    assert found.table["missing_share"].tolist() == [0.0] * 4
    for name in ("constant_columns", "many_categories"):
        assert found.table[name].tolist() == [NONE] * 4, name
    assert found.summary.kept == found.summary.rows == 4
    assert found.summary.figures["columns of numbers"] == 1


def test_the_raw_table_keeps_its_texts(tmp_path: Path) -> None:
    found = measured(tmp_path, people(age=[" 1 ", "x", "?", "2"])).table
    assert found["age"].tolist() == [" 1 ", "x", "?", "2"]


def test_missing_cells_are_a_share_of_the_row(tmp_path: Path) -> None:
    found = measured(tmp_path, people(age=["1", "?", None, "4"], job=["x", "y", "NA", None]))
    assert found.table["missing_share"].tolist() == [0.0, 0.5, 1.0, 0.5]
    assert found.table["empty"].tolist() == [False, False, True, False]
    assert found.summary.figures["share of missing cells"] == 0.5
    assert found.summary.kinds["empty"].examples == ("2",)


@pytest.mark.parametrize("cell", ["1,5", "inf", "12_3", "old", "3 years", "true"])
def test_what_is_no_number_in_a_column_of_numbers_has_the_wrong_type(
    tmp_path: Path, cell: str
) -> None:
    found = measured(tmp_path, people(age=["1", cell, "?", ""])).table
    assert found["wrong_type"].tolist() == [False, True, False, False]


def test_a_number_far_outside_is_extreme(tmp_path: Path) -> None:
    ages = [f"{20 + row}" for row in range(38)]
    found = measured(tmp_path, people(age=[*ages, "999999", "-1e39"])).table
    assert found["extreme"].tolist() == [False] * 38 + [True] * 2


def test_a_column_that_is_mostly_one_number_has_no_extreme_ones(tmp_path: Path) -> None:
    assert not measured(tmp_path, people(age=["0"] * 9 + ["99999"])).table["extreme"].any()


def test_columns_of_one_value_are_named(tmp_path: Path) -> None:
    table = people(age=["1", "1.0", " 1", "1"], job=["x"] * 4).assign(other="", more=list("abcd"))
    found = measured(
        tmp_path, table, {"numbers": ["age"], "categories": ["job", "other", "more"]}
    ).table
    assert found["constant_columns"].tolist() == ["age, job, other"] * 4


def test_columns_of_too_many_categories_are_named(tmp_path: Path) -> None:
    table = people(job=[f"name {row}" for row in range(10)])
    assert measured(tmp_path, table, most=10).table["many_categories"].iloc[0] == NONE
    assert measured(tmp_path, table, most=9).table["many_categories"].iloc[0] == "job"


def test_the_summary_counts_what_split_will_drop(tmp_path: Path) -> None:
    table = people(age=["1", "1", "2", "2", "", "3"], job=["x", "x", "y", "y", "", "z"])
    found = measured(tmp_path, table.assign(label=["a", "a", "a", "b", "a", "b"]))
    assert found.table["dropped"].tolist() == [False, True, True, True, True, False]
    assert {name: kind.rows for name, kind in found.summary.kinds.items()} == {
        "empty": 1,
        "duplicate": 2,
        "conflict": 2,
    }
    assert (found.summary.kept, found.summary.dropped) == (2, 4)
    assert found.summary.classes["b"].kept == 1


@pytest.mark.parametrize("columns", [{"numbers": ["age"]}, {"categories": ["job"]}])
def test_one_kind_of_columns_is_enough(tmp_path: Path, columns: dict[str, list[str]]) -> None:
    found = measured(tmp_path, people(age=["1", "2", "3", "3"]), columns)
    assert found.table["duplicate"].tolist()[-1]
    assert not found.table["extreme"].any()


def test_a_column_of_the_data_never_hides_a_measured_one(tmp_path: Path) -> None:
    table = people(age=["1", "2", "1", "2"], job=["x"] * 4).assign(duplicate=["no"] * 4)
    found = measured(tmp_path, table, {"numbers": ["age"], "categories": ["duplicate"]}).table
    assert found["duplicate"].tolist() == [False, False, True, True]
