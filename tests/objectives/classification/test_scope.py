from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.bundle.classifier import scope_scores, softmax
from assay.objectives.classification import scope

Floats = NDArray[np.float64]


def probabilities(rows: int, seed: int, classes: int = 4) -> Floats:
    logits = 2 * np.random.default_rng(seed).normal(size=(rows, classes))
    return softmax(logits)


@pytest.mark.parametrize(
    ("rows", "false_alarm", "below"),
    [(19, 0.05, 0), (20, 0.05, 0), (39, 0.05, 1), (99, 0.29, 28), (99, 0.07, 6), (400, 0.05, 19)],
)
def test_it_is_the_score_of_the_kth_validation_row(
    rows: int, false_alarm: float, below: int
) -> None:
    found = probabilities(rows, 1)
    threshold = scope.threshold(found, false_alarm)
    assert threshold is not None
    scores = np.sort(scope_scores(found))
    assert (scores < threshold).sum() == below
    assert scores[below] - 1e-6 < threshold <= scores[below]
    assert threshold == round(threshold, 6)


@pytest.mark.parametrize(("rows", "false_alarm"), [(0, 0.5), (18, 0.05), (98, 0.01)])
def test_too_few_rows_have_no_threshold(rows: int, false_alarm: float) -> None:
    assert scope.threshold(probabilities(rows, 1), false_alarm) is None


def test_no_threshold_is_found_where_none_is_asked_for() -> None:
    assert scope.threshold(probabilities(100, 1), None) is None


@pytest.mark.parametrize(("rows", "false_alarm"), [(19, 0.05), (50, 0.1), (50, 0.05)])
def test_false_alarms_are_as_many_as_asked_for_however_few_rows(
    rows: int, false_alarm: float
) -> None:
    # Over many calibrations the share is k / (n + 1) on the mean, which is what is promised.
    drawn = probabilities(2000 * (rows + 50), 7).reshape(2000, rows + 50, 4)
    shares = []
    for both in drawn:
        threshold = scope.threshold(both[:rows], false_alarm)
        assert threshold is not None
        shares.append(float((scope_scores(both[rows:]) < threshold).mean()))
    expected = int(false_alarm * (rows + 1) + 1e-9) / (rows + 1)
    error = float(np.std(shares)) / np.sqrt(len(shares))
    assert np.mean(shares) == pytest.approx(expected, abs=4 * error)
    assert np.mean(shares) <= false_alarm + 4 * error


def test_equal_scores_are_never_called_out_of_scope() -> None:
    same = np.tile([[0.7, 0.2, 0.1]], (100, 1))
    threshold = scope.threshold(same, 0.5)
    assert threshold is not None
    assert not (scope_scores(same) < threshold).any()


def test_what_is_far_from_every_class_is_found_by_the_threshold_of_the_rows_in_scope() -> None:
    random = np.random.default_rng(3)
    weights = random.normal(size=(8, 5))
    classes = random.integers(0, 5, size=3000)

    def scores(features: Floats) -> Floats:
        return scope_scores(softmax(features @ weights))

    inside = weights.T[classes] + 0.3 * random.normal(size=(3000, 8))
    threshold = scope.threshold(softmax(inside[:1000] @ weights), 0.05)
    assert threshold is not None
    alarms = scores(inside[1000:]) < threshold
    found = scores(0.3 * random.normal(size=(500, 8))) < threshold
    assert alarms.mean() == pytest.approx(0.05, abs=0.03)
    assert found.mean() > 0.9


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for hits, rows, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert scope.share_interval(hits, rows) == pytest.approx((low, high), abs=1e-4)
