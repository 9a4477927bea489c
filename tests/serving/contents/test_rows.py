from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.modalities.table.encoding import RowEncoder
from assay.serving.contents.rows import Rows
from assay.serving.protocol.limits import DEFAULT, Limits
from assay.serving.protocol.request import parse
from assay.serving.refusals import BadRequest, TooLarge
from tests.serving import triton
from tests.serving.manifests import COLUMNS

ROWS = Rows(**COLUMNS)
ENCODE = RowEncoder(**COLUMNS)
GOOD: dict[str, Any] = {
    "age": np.array([30, 41], np.int64),
    "income": np.array([0.1, 1e6], np.float32),
    "town": triton.texts("Ulm", "北京"),
}


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_the_client_sends_a_tensor_a_column(shape: tuple[int, ...], binary: bool) -> None:
    sent = {name: column.reshape(shape) for name, column in GOOD.items()}
    found = ENCODE(ROWS.of_tensors(triton.asked(sent, binary=binary), DEFAULT))
    np.testing.assert_array_equal(found.numbers, np.array([[30, 0.1], [41, 1e6]], np.float32))
    assert found.categories.tolist() == [["Ulm"], ["北京"]]


def test_the_order_of_the_columns_does_not_matter() -> None:
    turned = dict(reversed(GOOD.items()))
    first, second = (ENCODE(ROWS.of_tensors(triton.asked(one), DEFAULT)) for one in (GOOD, turned))
    np.testing.assert_array_equal(first.numbers, second.numbers)
    assert first.categories.tolist() == second.categories.tolist()


def test_columns_of_texts_may_hold_numbers_and_nothing() -> None:
    sent = {
        "age": triton.texts(" 30 ", ""),
        "income": triton.texts("?", "1e3"),
        "town": GOOD["town"],
    }
    found = ENCODE(ROWS.of_tensors(triton.asked(sent), DEFAULT))
    np.testing.assert_array_equal(found.numbers, np.array([[30, np.nan], [np.nan, 1e3]]))


@pytest.mark.parametrize(
    ("column", "categories"),
    [
        (np.array([1, 2], np.uint8), ["1", "2"]),
        (np.array([0.1, 2.0], np.float32), ["0.1", "2"]),
        (np.array([True, False]), ["true", "false"]),
    ],
)
def test_categories_of_other_types_read_as_in_a_table(
    column: np.ndarray[Any, Any], categories: list[str]
) -> None:
    found = ENCODE(ROWS.of_tensors(triton.asked({**GOOD, "town": column}), DEFAULT))
    assert found.categories[:, 0].tolist() == categories


def test_plain_json_holds_objects() -> None:
    given = [
        {"age": 30, "income": "0.1", "town": "Ulm"},
        {"town": None, "income": None, "age": 41.5},
    ]
    found = ENCODE(ROWS.of_json(given, DEFAULT))
    np.testing.assert_array_equal(found.numbers, np.array([[30, 0.1], [41.5, np.nan]], np.float32))
    assert found.categories.tolist() == [["Ulm"], [""]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"income": None}, "the request has no column 'income'; expected every column"),
        ({"colour": GOOD["town"]}, "columns that the model lacks: 'colour'; expected 'age'"),
        ({"town": triton.texts("Ulm")}, "have 1 to 2 rows; expected as many of each"),
        ({"age": np.array([[1, 2]], np.int64)}, r"input 'age' has shape \[1, 2\]"),
        ({"age": np.array([True, False])}, "input 'age' is of BOOL; expected numbers"),
        ({"age": triton.texts("1", "old")}, r"'age' in row 1 \(of 0 to 1\) is no number"),
        ({"age": triton.texts("1", "nan")}, "is no number"),
        ({"age": triton.texts("1", "inf")}, "is no number"),
        ({"age": triton.texts("1", "1_0")}, "is no number"),
        ({"town": triton.texts("Ulm", b"\xff")}, r"'town' in row 1 \(of 0 to 1\) is not UTF-8"),
        (
            {
                "age": triton.texts("1", ""),
                "income": triton.texts("1", "NA"),
                "town": triton.texts("a", "?"),
            },
            r"row 1 \(of 0 to 1\) holds no value at all",
        ),
    ],
)
def test_tensors_that_are_no_rows_are_refused(changes: dict[str, Any], said: str) -> None:
    sent = {name: column for name, column in (GOOD | changes).items() if column is not None}
    with pytest.raises(BadRequest, match=said):
        ROWS.of_tensors(triton.asked(sent), DEFAULT)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a", r"input 0 \(of 0 to 0\) is a string; expected an object with the columns 'age'"),
        ([1], "is an array"),
        ({"age": 1}, "has no column 'income', 'town'"),
        ({"age": 1, "income": 1, "town": "a", "x": 1}, "columns that the model lacks: 'x'"),
        ({"age": "old", "income": 1, "town": "a"}, r"'age' in row 0 \(of 0 to 0\) is no number"),
        ({"age": True, "income": 1, "town": "a"}, "is no number"),
        ({"age": [1], "income": 1, "town": "a"}, "is an array; expected a number, a string"),
        ({"age": 1, "income": 1, "town": {"a": 1}}, "is an object; expected a number"),
        ({"age": None, "income": "", "town": " na "}, "holds no value at all"),
    ],
)
def test_json_that_is_no_row_is_refused(row: object, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        ROWS.of_json([row], DEFAULT)


def test_longer_cells_and_more_rows_than_allowed_are_refused() -> None:
    row = {"age": 1, "income": 2, "town": "abcde"}
    limits = Limits(rows=2, text_characters=5)
    assert len(ROWS.of_json([row] * 2, limits)) == 2
    with pytest.raises(TooLarge, match="asks about 3 rows"):
        ROWS.of_json([row] * 3, limits)
    with pytest.raises(TooLarge, match=r"'town' in row 0 \(of 0 to 0\) has 6 characters"):
        ROWS.of_json([{**row, "town": "abcdef"}], limits)
    with pytest.raises(TooLarge, match=r"'town' in row 1 \(of 0 to 1\) has 6 characters"):
        ROWS.of_tensors(triton.asked({**GOOD, "town": triton.texts("a", "abcdef")}), limits)
    numbers = Rows(("age",), (), ())
    with pytest.raises(TooLarge, match="asks about 100000 rows"):
        numbers.of_tensors(triton.asked({"age": np.ones(100_000, np.float32)}), DEFAULT)


def test_rows_need_the_names_of_their_columns() -> None:
    with pytest.raises(BadRequest, match="has no column 'age', 'income', 'town'"):
        ROWS.of_tensors(parse(b"30,1,Ulm", 0), DEFAULT)
