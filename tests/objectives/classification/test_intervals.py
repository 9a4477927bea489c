from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from assay.objectives.classification import intervals, metrics
from assay.objectives.classification.metrics import Predictions
from tests.objectives.classification.made import certain, drawn


def by_hand(result: Predictions, resamples: int, seed: int) -> dict[str, list[float]]:
    """Resample row by row and ask scikit-learn: the same draws, nothing vectorised."""
    random = np.random.Generator(np.random.PCG64(seed))
    drawn_rows = random.integers(0, len(result.truth), size=(resamples, len(result.truth)))
    answers: dict[str, list[float]] = {name: [] for name in intervals.NAMES}
    for rows in drawn_rows:
        truth, predicted = result.truth[rows], result.predicted[rows]
        likely = result.probabilities[rows]
        present = np.unique(truth)
        macro = {"labels": present, "average": "macro", "zero_division": 0.0}
        areas = [
            roc_auc_score(truth == number, likely[:, number])
            for number in (present if len(result.labels) > 2 else [1])
        ]
        answers["accuracy"].append(accuracy_score(truth, predicted))
        answers["macro_precision"].append(precision_score(truth, predicted, **macro))
        answers["macro_recall"].append(recall_score(truth, predicted, **macro))
        answers["macro_f1"].append(f1_score(truth, predicted, **macro))
        answers["roc_auc"].append(float(np.mean(areas)))
        answers["log_loss"].append(log_loss(truth, likely, labels=range(len(result.labels))))
    return answers


@pytest.mark.parametrize(("rows", "classes"), [(60, 2), (60, 3), (150, 20)])
def test_every_resample_agrees_with_scikit_learn(rows: int, classes: int) -> None:
    result = drawn(rows, classes, 1.0, 4)
    # Ties, which the area under the curve counts by half.
    coarse = np.round(result.probabilities * 8) + 1
    result = Predictions(result.truth, coarse / coarse.sum(axis=1, keepdims=True), result.labels)
    found = intervals.resample({"it": result}, 25, 3)["it"]
    for name, expected in by_hand(result, 25, 3).items():
        np.testing.assert_allclose(found[name], expected, atol=1e-9, err_msg=name)


def test_chunks_change_nothing_but_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    result = drawn(101, 4, 1.0, 5)
    whole = intervals.resample({"it": result}, 40, 7)["it"]
    monkeypatch.setattr(intervals, "CHUNK", 101 * 8)
    parts = intervals.resample({"it": result}, 40, 7)["it"]
    for name in intervals.NAMES:
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-12)


def test_the_interval_has_the_width_that_theory_gives_an_accuracy() -> None:
    result = certain([0] * 400 + [1] * 600, [0] * 300 + [1] * 700, 2)
    low, high = intervals.interval(
        intervals.resample({"it": result}, 4000, 1)["it"]["accuracy"]
    ) or (
        0.0,
        0.0,
    )
    spread = 1.96 * np.sqrt(0.9 * 0.1 / 1000)
    assert low == pytest.approx(0.9 - spread, abs=0.003)
    assert high == pytest.approx(0.9 + spread, abs=0.003)


def test_all_classifiers_are_measured_on_the_same_draws() -> None:
    result = drawn(80, 3, 1.0, 1)
    found = intervals.resample({"one": result, "other": result}, 30, 2)
    for name in intervals.NAMES:
        np.testing.assert_array_equal(found["one"][name], found["other"][name])


def test_other_rows_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="same rows"):
        intervals.resample(
            {"a": certain([0, 1], [0, 1], 2), "b": certain([1, 1], [0, 1], 2)}, 10, 1
        )


def test_a_figure_that_no_sample_defines_has_no_interval() -> None:
    found = intervals.resample({"it": certain([0, 0, 0], [0, 1, 0], 2)}, 20, 1)["it"]
    assert intervals.interval(found["roc_auc"]) is None
    assert intervals.interval(found["accuracy"]) is not None


def test_the_calibration_error_alone_has_no_interval() -> None:
    assert set(metrics.NAMES) - set(intervals.NAMES) == {"calibration_error"}


def test_progress_hears_of_every_sample() -> None:
    class Count:
        done = 0

        def advance(self, steps: int = 1, note: str = "") -> None:
            self.done += steps

    count = Count()
    intervals.resample({"it": drawn(50, 3, 1.0, 1)}, 37, 1, count)
    assert count.done == 37


@pytest.mark.parametrize(
    ("low", "high", "sign"), [(0.1, 0.2, 1), (-0.2, -0.1, -1), (-0.1, 0.1, 0), (0.0, 0.1, 0)]
)
def test_better_means_that_the_interval_excludes_zero(low: float, high: float, sign: int) -> None:
    assert intervals.better(low, high) == sign
