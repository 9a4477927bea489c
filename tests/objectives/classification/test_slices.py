from __future__ import annotations

import pandas as pd
import pytest

from assay.objectives.classification import metrics, slices
from tests.objectives.classification.made import certain, drawn


def test_each_slice_is_measured_on_its_own_rows() -> None:
    model = certain([0, 0, 1, 1], [0, 0, 0, 1], 2)
    baseline = certain([0, 0, 1, 1], [1, 0, 1, 1], 2)
    found = slices.by_slice(model, baseline, {"shop": pd.Series(["b", "a", "a", "b"])})
    assert [(part.slicing, part.name, part.rows) for part in found] == [
        ("shop", "a", 2),
        ("shop", "b", 2),
    ]
    assert [part.model["accuracy"] for part in found] == [0.5, 1.0]
    assert [part.baseline["accuracy"] for part in found] == [1.0, 0.5]


def test_a_slice_below_fifty_rows_is_marked_small() -> None:
    result = drawn(99, 2, 1, 1)
    found = slices.by_slice(result, result, {"half": pd.Series(["a"] * 50 + ["b"] * 49)})
    assert [part.small for part in found] == [False, True]
    assert slices.table(found)["small"].tolist() == ["false", "true"]


def test_an_ordered_slicing_keeps_its_order_and_drops_what_is_empty() -> None:
    lengths = pd.Series(
        pd.Categorical(["long", "short"], ["short", "middle", "long"], ordered=True)
    )
    result = certain([0, 1], [0, 1], 2)
    found = slices.by_slice(result, result, {"length": lengths})
    assert [part.name for part in found] == ["short", "long"]


def test_many_slices_are_pooled_behind_the_largest() -> None:
    names = [f"user {number}" for number in range(40)] + ["user 39"] * 20
    result = drawn(len(names), 3, 1, 1)
    found = slices.by_slice(result, result, {"user": pd.Series(names)})
    assert len(found) == slices.MOST + 1
    assert found[-1].name == slices.REST
    assert sum(part.rows for part in found) == len(names)
    assert "user 39" in [part.name for part in found]


def test_the_table_names_slicing_and_slice() -> None:
    result = drawn(60, 3, 1, 1)
    table = slices.table(slices.by_slice(result, result, {"shop": pd.Series(["east"] * 60)}))
    assert table["slice"].tolist() == ["shop: east"]
    assert table["macro_f1"][0] == pytest.approx(metrics.figures(result)["macro_f1"])
    assert list(slices.table([]).columns) == list(table.columns)
