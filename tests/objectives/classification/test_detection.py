from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.classification.detection import power
from assay.objectives.classification.flips import KINDS, SHARES, flip
from assay.objectives.classification.metrics import Predictions
from assay.objectives.classification.suspicion import examine
from tests.objectives.classification.made import certain, drawn


def test_a_sure_classifier_finds_every_kind_and_more_flips_more_often() -> None:
    found = power(drawn(2000, 4, 6.0, seed=5), new_rows=500, error=0.05)
    assert [(one.kind, one.share) for one in found] == [(k, s) for k in KINDS for s in SHARES]
    assert all(one.new_rows == 500 for one in found)
    for kind in KINDS:
        rates = [one.detected for one in found if one.kind == kind]
        assert rates == sorted(rates)
        assert rates[-1] == 1.0


def test_a_classifier_that_knows_nothing_finds_nothing_beyond_chance() -> None:
    found = power(drawn(1000, 3, 0.0, seed=5), new_rows=300, error=0.05)
    assert all(one.detected < 0.15 for one in found)


def test_what_is_printed_is_what_the_examination_finds() -> None:
    pool = drawn(600, 3, 2.0, seed=6)
    printed = power(pool, new_rows=200, error=0.05, repeats=400)
    rng = np.random.default_rng(4)
    for one in printed:
        caught = 0
        for _ in range(80):
            order = rng.permutation(600)
            trusted, new = (
                Predictions(pool.truth[rows], pool.probabilities[rows], pool.labels)
                for rows in (order[200:], order[:200])
            )
            given = flip(new.truth, 3, one.share, one.kind, rng)
            wrong = Predictions(given, new.probabilities, new.labels)
            caught += examine(trusted, wrong, error=0.05).refused
        # Four standard deviations of the two shares at most.
        assert abs(one.detected - caught / 80) < 0.23


def test_at_most_half_of_the_trusted_rows_take_the_place_of_new_ones() -> None:
    assert power(drawn(100, 3, 2.0, seed=5), new_rows=500, error=0.05)[0].new_rows == 50


def test_equal_seeds_give_equal_figures() -> None:
    pool = drawn(600, 3, 2.0, seed=5)
    first, again, other = (power(pool, new_rows=200, error=0.05, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_too_few_rows_or_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 1, 4 and 2"):
        power(certain([0, 1, 0], [0, 1, 0], 2), new_rows=2, error=0.05)
    with pytest.raises(ValueError, match="expected at least 1, 4 and 2"):
        power(certain([0] * 9, [0] * 9, 1), new_rows=2, error=0.05)
    with pytest.raises(ValueError, match="false alarm"):
        power(drawn(100, 3, 2.0, seed=5), new_rows=20, error=1.0)
