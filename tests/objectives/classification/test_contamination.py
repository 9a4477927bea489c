from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.classification import contamination
from assay.objectives.classification.contamination import SHARE, combine, scores, spread


def test_a_score_is_the_log_likelihood_ratio_of_a_wrong_label() -> None:
    likely, prior = np.array([[0.2, 0.7, 0.1]]), np.array([0.5, 0.3, 0.2])
    found = scores(likely, np.array([0]), prior)
    # From any class: the odds of another label, over those odds among all rows.
    assert found[0, 0] == pytest.approx(np.log(1 + SHARE * ((0.8 / 0.2) / (0.5 / 0.5) - 1)))
    assert found[0, 1] == 0.0
    assert found[0, 2] == pytest.approx(np.log(1 + SHARE * ((0.7 / 0.3) / (0.2 / 0.5) - 1)))
    assert found[0, 3] == pytest.approx(np.log(1 + SHARE * ((0.1 / 0.2) / (0.2 / 0.5) - 1)))


def test_a_probability_of_zero_gives_a_high_score_and_a_finite_one() -> None:
    found = scores(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 0]), np.array([0.5, 0.5]))
    assert np.isfinite(found).all()
    assert found[0, 0] > 8 and found[1, 0] < 0


def test_the_spread_is_that_of_every_way_to_draw() -> None:
    rows = np.array([1.0, 2.0, 4.0, 8.0, 9.0])
    sums = [rows[a] + rows[b] for a in range(5) for b in range(a)]
    expected, variance = spread(5, 2, np.array([rows.sum()]), np.array([(rows**2).sum()]))
    assert expected[0] == pytest.approx(np.mean(sums))
    assert variance[0] == pytest.approx(np.var(sums))


def test_labels_add_up_overall_and_the_largest_pair_stands_alone() -> None:
    first = np.array([[3.0, 0.0, 4.0]]), np.array([1.0, 0.0, 4.0])
    second = np.array([[2.0, 5.0, 0.0]]), np.array([3.0, 1.0, 0.0])
    found = combine([first, second], 1)
    assert found.overall[0] == pytest.approx((3 + 2) / 2)
    assert found.pair[0] == pytest.approx(5.0)


def test_without_a_label_in_both_tables_nothing_speaks_for_wrong_labels() -> None:
    found = combine([], 2)
    assert found.overall.tolist() == [0.0, 0.0] and found.pair.tolist() == [0.0, 0.0]


def test_a_label_whose_rows_are_all_alike_has_no_weight() -> None:
    alike = np.zeros((1, 3)), np.zeros(3)
    other = np.array([[2.0, 0.0, 2.0]]), np.array([4.0, 0.0, 4.0])
    found = combine([alike, other], 1)
    assert found.overall[0] == pytest.approx(1.0) and found.pair[0] == pytest.approx(1.0)
    assert contamination.combine([alike], 1).overall[0] == 0.0
