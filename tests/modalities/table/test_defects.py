from __future__ import annotations

import pandas as pd
import pytest

from assay.modalities.table.defects import MEANINGS, defects
from assay.objectives.classification.label_rules import LabelRules
from assay.settings.table import TableIngest

SETTINGS = TableIngest(numbers=("age",), categories=("job",))


def _found(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["age", "job", "label"], dtype="str")
    return defects(table, SETTINGS, LabelRules(("a", "b")))


def test_sound_rows_have_none() -> None:
    found = _found(("1", "x", "a"), ("2", "x", "b"), ("1", "", "b"), (None, "x", "a"))
    assert not found.to_numpy().any()
    assert list(found.columns) == [*MEANINGS, "conflict"]


def test_a_row_without_a_value_is_empty_and_no_duplicate() -> None:
    found = _found((None, "?", "a"), ("", "NA", "b"), ("1", "x", "b"))
    assert found["empty"].tolist() == [True, True, False]
    assert not found[["duplicate", "conflict"]].to_numpy().any()


@pytest.mark.parametrize("again", [("1", "x"), ("1.0", " x"), ("1e0", "x ")])
def test_a_row_that_comes_again_is_a_duplicate_of_the_first(again: tuple[str, str]) -> None:
    found = _found(("1", "x", "a"), ("2", "x", "a"), (*again, "a"))
    assert found["duplicate"].tolist() == [False, False, True]
    assert not found["conflict"].any()


def test_equal_features_of_different_labels_are_in_conflict_all_of_them() -> None:
    found = _found(("1", "x", "a"), ("1", "x", "b"), ("1.0", "x", "a"), ("2", "x", "a"))
    assert found["conflict"].tolist() == [True, True, True, False]


def test_a_column_that_is_no_feature_tells_no_rows_apart() -> None:
    table = pd.DataFrame({"age": ["1", "1"], "job": ["x", "x"], "label": "a", "name": ["p", "q"]})
    found = defects(table, SETTINGS, LabelRules(("a", "b")))
    assert found["duplicate"].tolist() == [False, True]
