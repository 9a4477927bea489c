from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, log_loss, roc_auc_score

from assay.objectives.classification import metrics
from assay.objectives.classification.metrics import Predictions
from tests.objectives.classification.made import certain, drawn


def test_figures_match_a_count_by_hand() -> None:
    # class a: 2 of 3 found, 1 false; class b: 1 of 2 found, 1 false.
    found = metrics.figures(certain([0, 0, 0, 1, 1], [0, 0, 1, 1, 0], 2))
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["macro_precision"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["macro_recall"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    # 6 pairs: 2 rank right, 1 wrong (the b taken for a under the a taken for b), 3 are ties.
    assert found["roc_auc"] == pytest.approx((2 + 3 / 2) / 6)


@pytest.mark.parametrize("classes", [2, 3, 77])
def test_figures_agree_with_scikit_learn(classes: int) -> None:
    result = drawn(800, classes, 1.0, 1)
    found = metrics.figures(result)
    scores = result.probabilities[:, 1] if classes == 2 else result.probabilities
    assert found["macro_f1"] == pytest.approx(
        f1_score(result.truth, result.predicted, average="macro")
    )
    assert found["roc_auc"] == pytest.approx(roc_auc_score(result.truth, scores, multi_class="ovr"))
    assert found["log_loss"] == pytest.approx(log_loss(result.truth, result.probabilities))
    np.testing.assert_array_equal(
        metrics.confusion(result), confusion_matrix(result.truth, result.predicted)
    )
    assert metrics.macro_f1(result.truth, result.predicted) == found["macro_f1"]


def test_a_class_without_rows_is_left_out_of_averages_and_named() -> None:
    result = certain([0, 0, 1, 1], [0, 2, 1, 1], 4)
    found = metrics.figures(result)
    assert result.absent == ("c", "d")
    assert found["macro_recall"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["roc_auc"] == pytest.approx((3 / 4 + 1) / 2)
    assert metrics.by_class(result)[2]["f1"] is None
    assert metrics.by_class(result)[2]["rows"] == 0


def test_roc_auc_of_a_single_class_is_undefined_not_an_error() -> None:
    for classes in (2, 3):
        assert metrics.figures(certain([0, 0], [0, 1], classes))["roc_auc"] is None


def test_roc_auc_of_two_classes_takes_the_second_as_positive() -> None:
    likely = np.array([0.1, 0.4, 0.35, 0.8])
    result = Predictions(
        np.array([0, 0, 1, 1]), np.column_stack([1 - likely, likely]), ("no", "yes")
    )
    assert metrics.figures(result)["roc_auc"] == pytest.approx(0.75)


def test_log_loss_of_a_certain_error_is_clipped_not_infinite() -> None:
    found = metrics.figures(certain([0, 1], [0, 0], 2))["log_loss"]
    assert found == pytest.approx(-np.log(np.finfo(np.float64).eps) / 2)


def test_of_equally_likely_classes_the_first_is_predicted() -> None:
    result = Predictions(np.array([1]), np.array([[0.25, 0.375, 0.375]]), ("a", "b", "c"))
    assert result.predicted.tolist() == [1]


def test_calibration_error_matches_a_count_by_hand() -> None:
    # Two bins: 0.6 (of two rows one right), 0.9 (of two rows both right).
    top = np.array([0.6, 0.6, 0.9, 0.9])
    result = Predictions(np.array([0, 1, 0, 0]), np.column_stack([top, 1 - top]), ("a", "b"))
    assert metrics.calibration_error(result) == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)
    assert [part.rows for part in metrics.calibration(result)] == [2, 2]


def test_bins_are_open_below_and_closed_above() -> None:
    edges = np.array([0.0, 1 / 15, 1 / 15 + 1e-9, 0.5, 1.0])
    assert metrics.confidence_bins(edges).tolist() == [0, 0, 1, 7, 14]


def test_worst_errors_come_by_confidence_then_by_row() -> None:
    top = np.array([0.7, 0.9, 0.7, 0.95, 0.8])
    result = Predictions(np.array([1, 1, 1, 0, 1]), np.column_stack([top, 1 - top]), ("a", "b"))
    assert metrics.worst(result, 3).tolist() == [1, 4, 0]
    assert metrics.worst(result, 50).tolist() == [1, 4, 0, 2]


@pytest.mark.parametrize(
    "probabilities",
    [[[0.5, 0.6]], [[np.nan, 0.5]], [[-0.5, 1.5]], [[0.5, 0.25, 0.25]], [[1.0, 0.0], [1.0, 0.0]]],
)
def test_what_is_no_probability_is_refused(probabilities: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        Predictions(np.array([0]), np.array(probabilities), ("a", "b"))


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(KeyError, match="maybe"):
        metrics.predictions(["yes", "maybe"], np.full((2, 2), 0.5), ("no", "yes"))


def test_rounding_keeps_six_digits_and_knows_no_negative_zero() -> None:
    assert metrics.rounded(0.12345678) == 0.123457
    assert str(metrics.rounded(-1e-9)) == "0.0"
    assert metrics.rounded(None) is None
