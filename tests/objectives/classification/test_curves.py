from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from assay.objectives.classification import curves, metrics, slices
from tests.objectives.classification.made import certain, drawn


def test_confusion_is_a_row_a_cell_that_holds_rows() -> None:
    table = curves.confusion(certain([0, 1, 1, 1], [0, 0, 1, 1], 2))
    assert table[["y", "x", "rows"]].to_numpy().tolist() == [
        ["a", "a", 1],
        ["b", "a", 1],
        ["b", "b", 2],
    ]
    result = drawn(500, 3, 1, 1)
    found = curves.confusion(result)
    counts = found.pivot_table(index="y", columns="x", values="rows", aggfunc="sum")
    assert counts.to_numpy().tolist() == metrics.confusion(result).tolist()


@pytest.mark.parametrize(("classes", "lines"), [(2, 1), (3, 3), (77, 77)])
def test_roc_has_a_curve_a_class_from_corner_to_corner(classes: int, lines: int) -> None:
    table = curves.roc(drawn(2000, classes, 1, 1)).astype({"x": float, "y": float})
    assert table["series"].nunique() == lines
    assert table.groupby("series").size().max() <= curves.POINTS
    ends = table.groupby("series")[["x", "y"]].agg(["min", "max"])
    assert np.array_equal(ends.to_numpy(), np.tile([0.0, 1.0, 0.0, 1.0], (lines, 1)))


def test_the_thinned_curve_keeps_its_area() -> None:
    result = drawn(3000, 2, 1, 1)
    table = curves.roc(result).astype({"x": float, "y": float})
    area = np.trapezoid(table["y"], table["x"])
    assert area == pytest.approx(metrics.figures(result)["roc_auc"], abs=0.002)


def test_absent_classes_have_no_curve() -> None:
    assert curves.roc(certain([0, 1], [0, 2], 3))["series"].unique().tolist() == ["a", "b"]
    alone = curves.roc(certain([0, 0], [0, 1], 2))
    assert alone.empty
    assert list(alone.columns) == curves.COLUMNS


def test_calibration_counts_every_row_once() -> None:
    table = curves.calibration(drawn(500, 3, 1, 1))
    assert table["rows"].sum() == 500
    assert table["x"].is_monotonic_increasing


def test_the_table_holds_every_plot_and_survives_being_written() -> None:
    result = drawn(200, 3, 1, 1)
    shops = pd.Series(["east"] * 150 + ["west"] * 50)
    parts = slices.by_slice(result, result, {"shop": shops})
    table = curves.table(result, parts)
    assert list(table.columns) == curves.COLUMNS
    assert table["plot"].unique().tolist() == ["confusion", "roc", "calibration", "slices"]
    sliced = table[table["plot"].eq("slices")]
    assert sliced["series"].tolist() == ["shop: east", "shop: west"]
    assert sliced["rows"].tolist() == [150, 50]
    assert sliced["x"].tolist() == [round(part.model["accuracy"] or 0, 6) for part in parts]
    read = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert read.groupby("plot").size().to_dict() == table.groupby("plot").size().to_dict()
