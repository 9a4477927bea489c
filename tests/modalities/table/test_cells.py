from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.modalities.table import cells
from assay.settings.table import MISSING, TableIngest

AGES = TableIngest(numbers=("age",), categories=("job",))


def _keys(**columns: list[Any]) -> list[str | None]:
    return [*cells.keys(cells.features(pd.DataFrame(columns), AGES))]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" a\n", "a"),
        ("\u3000\u5317\u4eac ", "\u5317\u4eac"),
        ("007", "007"),
        (7, "7"),
        (7.0, "7"),
        (np.float32(0.1), "0.1"),
        (1e22, "1e+22"),
        (np.int8(3), "3"),
        (True, "true"),
        (np.False_, "false"),
        ("", None),
        (" ", None),
        (None, None),
        (math.nan, None),
        (np.float32("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
    ],
)
def test_a_cell_is_the_shortest_text_that_says_the_same(cell: object, text: str | None) -> None:
    assert cells.text_of(cell) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0),
        ("1e3", 1000.0),
        ("-2.5", -2.5),
        ("+4", 4.0),
        (".5", 0.5),
        ("1e39", cells.LARGEST),
        ("-1e300", -cells.LARGEST),
    ],
)
def test_numbers_are_read_as_they_are_written(text: str, number: float) -> None:
    assert cells.number_of(text, MISSING) == number


@pytest.mark.parametrize("text", ["1,5", "1 000", "inf", "-Infinity", "1e999", "12_3", "ten", "5%"])
def test_what_is_no_finite_number_is_none(text: str) -> None:
    assert cells.number_of(text, MISSING) is None


@pytest.mark.parametrize("text", [None, "?", "NaN", "N/A", "NULL", "none", "nA"])
def test_missing_cells_are_missing_in_whatever_capitals(text: str | None) -> None:
    number = cells.number_of(text, MISSING)
    assert number is not None
    assert math.isnan(number)
    assert cells.category_of(text, MISSING) == ""
    assert cells.is_missing(text, MISSING)


def test_zero_has_no_sign() -> None:
    first, second = _keys(age=["0", "-0.0"], job=["a", "a"])
    assert first == second


@pytest.mark.parametrize(
    ("text", "category"),
    [("True", "true"), ("FALSE", "false"), ("1.0", "1"), ("-3.00", "-3"), ("1.5", "1.5"),
     ("007", "007"), ("1.0.0", "1.0.0"), ("v1.0", "v1.0"), ("Yes", "Yes")],
)  # fmt: skip
def test_categories_that_kinds_of_files_write_otherwise_are_one(text: str, category: str) -> None:
    assert cells.category_of(text, MISSING) == category


def test_half_a_character_is_replaced() -> None:
    assert cells.category_of("a\ud800", MISSING) == "a?"


def test_features_come_numbers_first_by_their_types() -> None:
    table = pd.DataFrame({"job": [" cook ", "?", None], "x": 1, "age": [" 33 ", "", "old"]})
    found = cells.features(table, AGES)
    assert list(found.columns) == ["age", "job"]
    assert found["job"].tolist() == ["cook", "", ""]
    assert found["age"].fillna(-1).tolist() == [33.0, -1.0, -1.0]


def test_missing_cells_of_a_column_that_pandas_calls_str_are_read() -> None:
    column = pd.Series(["1", None], dtype="str")
    assert cells.numbers(column, MISSING).isna().tolist() == [False, True]
    assert cells.categories(column, MISSING).tolist() == ["1", ""]


def test_words_for_missing_are_those_of_the_settings() -> None:
    settings = TableIngest.model_validate({"numbers": ["age"], "missing": [" Unknown ", -999]})
    table = pd.DataFrame({"age": ["UNKNOWN", "-999", -999.0, "?"]})
    assert cells.features(table, settings)["age"].isna().all()
    assert cells.number_of("?", settings.missing) is None


def test_equal_rows_have_equal_keys_however_they_are_written() -> None:
    found = _keys(
        age=["33", " 33.0 ", "3.3e1", 33, 33.0, np.float32(33)],
        job=["1", "1.0", " 1", 1, 1.0, np.int64(1)],
    )
    assert len(set(found)) == 1


def test_other_rows_have_other_keys() -> None:
    found = _keys(
        age=["1", "2", "", "1", "1", "12"],
        job=["2", "1", "1", "", "''", "'"],
    )
    assert len(set(found)) == 6
    assert None not in found


def test_a_separator_in_a_text_moves_nothing() -> None:
    settings = TableIngest(categories=("a", "b"))
    table = pd.DataFrame({"a": ["x\x1fy", "x"], "b": ["z", "y\x1fz"]})
    first, second = cells.keys(cells.features(table, settings))
    assert first != second


def test_a_row_of_missing_cells_alone_has_no_key() -> None:
    assert _keys(age=["", "?", "1"], job=["n/a", None, None])[:2] == [None, None]
