from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.bundle.manifest import Manifest
from assay.errors import BundleRefused
from assay.modalities.table.encoding import RowEncoder, of_bundle, records
from assay.settings.table import MISSING

ENCODER = RowEncoder(("age", "debt"), ("job", "\u6027\u522b"), MISSING)


def _one(row: dict[str, Any]) -> tuple[list[float | None], list[str]]:
    found = ENCODER([row])
    numbers = [None if math.isnan(value) else float(value) for value in found.numbers[0]]
    return numbers, list(found.categories[0])


def test_rows_become_floats_and_texts_in_the_order_of_the_model() -> None:
    found = ENCODER([{"\u6027\u522b": "\u5973", "job": "cook", "debt": 1.5, "age": "33"}])
    assert found.numbers.dtype == np.float32
    assert found.numbers.tolist() == [[33.0, 1.5]]
    assert found.categories.dtype == object
    assert found.categories.tolist() == [["cook", "\u5973"]]
    assert found.truncated == 0


@pytest.mark.parametrize("missing", [None, "", " ", "?", "NA", math.nan, pd.NA, pd.NaT])
def test_missing_values_are_nan_and_empty(missing: object) -> None:
    assert _one({"age": missing, "job": missing}) == ([None, None], ["", ""])


def test_an_absent_column_is_missing_and_a_surplus_one_is_left_out() -> None:
    assert _one({"age": 1, "shoe size": 44}) == ([1.0, None], ["", ""])


@pytest.mark.parametrize("value", ["1,5", "inf", math.inf, "old", [1], {"a": 1}, True])
def test_what_is_no_number_is_missing(value: object) -> None:
    assert _one({"age": value})[0] == [None, None]


@pytest.mark.parametrize("value", [33, 33.0, "33", " 33 ", "3.3e1", np.float32(33), np.int8(33)])
def test_one_number_is_one_number_however_it_is_written(value: object) -> None:
    assert _one({"age": value})[0] == [33.0, None]


@pytest.mark.parametrize("values", [(True, "True", "TRUE"), (1, 1.0, "1", "1.0", np.float32(1))])
def test_one_category_is_one_category_whatever_the_kind_of_file(values: tuple[object, ...]) -> None:
    assert len({tuple(_one({"job": value})[1]) for value in values}) == 1


@pytest.mark.filterwarnings("error")
def test_huge_numbers_stay_finite() -> None:
    found = ENCODER([{"age": "1e300", "debt": -1e39}, {"age": int("9" * 400)}]).numbers
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_batches_cover_every_row_in_order() -> None:
    found = ENCODER([{"age": row, "job": str(row)} for row in range(7)])
    parts = list(found.batches(3))
    assert [rows for rows, _ in parts] == [[0, 1, 2], [3, 4, 5], [6]]
    assert np.concatenate([feeds["numbers"][:, 0] for _, feeds in parts]).tolist() == [*range(7)]
    assert [text for _, feeds in parts for text in feeds["categories"][:, 0]] == list("0123456")


@pytest.mark.parametrize(("numbers", "categories"), [(("a",), ()), ((), ("a",)), ((), ("a", "b"))])
def test_one_kind_of_columns_leaves_the_other_without_any(
    numbers: tuple[str, ...], categories: tuple[str, ...]
) -> None:
    encoder = RowEncoder(numbers, categories, MISSING)
    for rows in (0, 3):
        found = encoder([{"a": 1}] * rows)
        assert found.numbers.shape == (rows, len(numbers))
        assert found.categories.shape == (rows, len(categories))
        assert sum(len(places) for places, _ in found.batches(2)) == rows


def test_a_tables_rows_become_mappings() -> None:
    found = records(pd.DataFrame({"a b": [1, 2], "\u5e74": ["x", None]}))
    assert [list(row) for row in found] == [["a b", "\u5e74"]] * 2
    assert found[0] == {"a b": 1, "\u5e74": "x"}


def test_numbers_of_half_the_precision_are_the_texts_of_other_files() -> None:
    narrow = records(pd.DataFrame({"job": pd.Series([0.1, 2.0], dtype="float32")}))
    wide = records(pd.DataFrame({"job": [0.1, 2.0]}))
    assert ENCODER(narrow).categories.tolist() == ENCODER(wide).categories.tolist()
    assert ENCODER(wide).categories[:, 0].tolist() == ["0.1", "2"]


def test_a_bundle_names_its_columns(tmp_path: Any) -> None:
    stated = Manifest(
        model="m",
        data="table",
        task="classification",
        precision="fp32",
        inputs=(),
        outputs=(),
        encoder={"numbers": ("b", "a"), "categories": (), "missing": ("?",)},
        made_from={},
        processor="",
        versions={},
    )
    assert of_bundle(tmp_path, stated) == RowEncoder(("b", "a"), (), ("?",))
    lacking = stated.model_copy(update={"encoder": {"numbers": ("b",)}})
    with pytest.raises(BundleRefused, match="does not say categories"):
        of_bundle(tmp_path, lacking)
