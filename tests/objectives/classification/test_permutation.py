from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.classification import permutation
from assay.objectives.classification.contamination import Statistics

ONE_LABEL = np.zeros(6, dtype=np.int64)


def table(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(values)[:, None].repeat(2, axis=1)


def test_the_p_value_is_the_share_of_draws_that_are_as_extreme() -> None:
    # Three of six rows: one way of twenty has the highest sum, one the lowest.
    values = table(1, 2, 3, 4, 5, 7)
    highest = permutation.permuted(values, ONE_LABEL, np.array([0, 0, 0, 1, 1, 1]), 1, 9999)
    lowest = permutation.permuted(values, ONE_LABEL, np.array([1, 1, 1, 0, 0, 0]), 1, 9999)
    assert permutation.p_value(highest) == pytest.approx(1 / 20, abs=0.01)
    # Of a pair, what is below expectation counts as nothing; so the smaller p-value is no 1.
    assert permutation.p_value(lowest) > 0.5


def test_rows_are_drawn_within_their_label_alone() -> None:
    # Label 1 has higher scores, and more new rows: no evidence.
    values = table(0, 0, 0, 0, 9, 9, 9, 9)
    given = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = permutation.permuted(values, given, np.array([0, 0, 0, 1, 0, 1, 1, 1]), 1)
    assert permutation.p_value(found) == 1.0


def test_each_draw_holds_as_many_rows_also_where_draws_come_in_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, given = table(0, 1, 2, 3, 4, 5), ONE_LABEL
    new = np.array([0, 1, 0, 0, 0, 1])
    monkeypatch.setattr(permutation, "AT_ONCE", 60)
    found = permutation.permuted(values, given, new, 1, 95)
    assert len(found.overall) == 96
    # The sums of two of the six values, centred at 5: from 1 to 9, standardized.
    spread = np.sqrt(2 * 4 / 6 * 3.5)
    sums = np.unique((found.overall * spread + 5).round(6))
    assert sums.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_equal_seeds_give_equal_draws_and_others_do_not() -> None:
    values, new = table(0, 1, 2, 3, 4, 9), np.array([0, 1, 0, 1, 0, 1])
    first, again, other = (permutation.permuted(values, ONE_LABEL, new, s) for s in (1, 1, 2))
    assert np.array_equal(first.overall, again.overall)
    assert not np.array_equal(first.overall, other.overall)


def test_a_label_that_only_new_rows_have_cannot_speak() -> None:
    found = permutation.permuted(table(1, 2, 3, 4, 5, 6), ONE_LABEL, np.ones(6, dtype=np.int64), 1)
    assert permutation.p_value(found) == 1.0


def test_critical_values_refuse_what_the_level_allows() -> None:
    rng = np.random.default_rng(3)
    null = Statistics(rng.normal(size=1000), rng.normal(size=1000))
    overall, pair = permutation.critical(null, 0.05)
    refused = ((null.overall >= overall) | (null.pair >= pair)).mean()
    assert 0.04 < refused <= 0.05
    # Two independent looks share the level: each spends about half.
    assert 0.02 < (null.overall >= overall).mean() < 0.03


def test_where_no_draw_reaches_the_level_nothing_is_refused() -> None:
    null = Statistics(np.zeros(100), np.zeros(100))
    assert permutation.critical(null, 0.05) == (float("inf"), float("inf"))


@pytest.mark.parametrize("error", [0.0, 0.0009, 1.0, float("nan")])
def test_an_error_that_the_draws_cannot_keep_is_refused(error: float) -> None:
    with pytest.raises(ValueError, match=r"expected 0\.001 to 1"):
        permutation.require_error(error)
    permutation.require_error(0.001)
