from __future__ import annotations

import numpy as np
import pytest

from assay.scoring import curves, metrics

from .made import certain, drawn


def test_confusion_is_a_row_a_prediction() -> None:
    table = curves.confusion(certain([0, 1, 1], [0, 0, 1], 2))
    assert table.to_dict("list") == {"actual": ["a", "b", "b"], "predicted": ["a", "a", "b"]}


@pytest.mark.parametrize(("classes", "lines"), [(2, 1), (3, 3), (77, 77)])
def test_roc_has_a_curve_a_class_from_corner_to_corner(classes: int, lines: int) -> None:
    table = curves.roc(drawn(2000, classes, 1, 1))
    assert table["label"].nunique() == lines
    assert table.groupby("label").size().max() <= curves.POINTS
    ends = table.groupby("label")[["false_positive_rate", "true_positive_rate"]].agg(["min", "max"])
    assert np.array_equal(ends.to_numpy(), np.tile([0.0, 1.0, 0.0, 1.0], (lines, 1)))


def test_the_thinned_curve_keeps_its_area() -> None:
    result = drawn(3000, 2, 1, 1)
    table = curves.roc(result)
    area = np.trapezoid(table["true_positive_rate"], table["false_positive_rate"])
    assert area == pytest.approx(metrics.figures(result)["roc_auc"], abs=0.002)


def test_absent_classes_have_no_curve() -> None:
    assert curves.roc(certain([0, 1], [0, 2], 3))["label"].unique().tolist() == ["a", "b"]
    alone = curves.roc(certain([0, 0], [0, 1], 2))
    assert alone.empty
    assert list(alone.columns) == ["false_positive_rate", "true_positive_rate", "label"]


def test_calibration_counts_every_row_once() -> None:
    table = curves.calibration(drawn(500, 3, 1, 1))
    assert table["rows"].sum() == 500
    assert table["confidence"].is_monotonic_increasing
