from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.objectives.classification import permutation
from assay.objectives.classification.flips import KINDS, flip
from assay.objectives.classification.metrics import Predictions
from assay.objectives.classification.suspicion import examine
from tests.objectives.classification.made import drawn

if TYPE_CHECKING:
    from assay.objectives.classification.flips import Kind
    from assay.objectives.classification.metrics import Ints

POOL = drawn(20_000, 4, 2.5, seed=5)


def some(rows: Ints) -> Predictions:
    return Predictions(POOL.truth[rows], POOL.probabilities[rows], POOL.labels)


def flipped(of: Predictions, share: float, kind: Kind, seed: int) -> Predictions:
    given = flip(of.truth, len(of.labels), share, kind, np.random.default_rng(seed))
    return Predictions(given, of.probabilities, of.labels)


@pytest.mark.parametrize("new_rows", [20, 60])
def test_sound_labels_are_refused_no_more_often_than_the_error_says(new_rows: int) -> None:
    rng, repeats, refused = np.random.default_rng(1), 600, 0
    for _ in range(repeats):
        rows = rng.choice(len(POOL.truth), 150 + new_rows, replace=False)
        refused += examine(some(rows[:150]), some(rows[150:]), error=0.05).refused
    # Four standard deviations above the level; and the level is used, not hidden behind.
    assert 12 <= refused <= repeats * 0.05 + 4 * np.sqrt(repeats * 0.05 * 0.95)


def test_a_mere_shift_of_class_shares_does_not_alarm() -> None:
    # Class 0 is hard: only its rows are held to be of another class.
    hard = drawn(4000, 3, 3.0, seed=7)
    unsure = hard.truth == 0
    likely = hard.probabilities.copy()
    likely[unsure] = drawn(4000, 3, 0.3, seed=8).probabilities[unsure]
    rng, refused, repeats = np.random.default_rng(2), 0, 200
    for _ in range(repeats):
        order = rng.permutation(4000)
        later = order[600:]
        # Nearly all new rows are of the hard class, of which the trusted rows hold a third.
        new = later[(hard.truth[later] == 0) | (rng.random(len(later)) < 0.05)][:150]
        parts = (Predictions(hard.truth[r], likely[r], hard.labels) for r in (order[:600], new))
        refused += examine(*parts, error=0.05).refused
    assert refused <= repeats * 0.05 + 4 * np.sqrt(repeats * 0.05 * 0.95)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fifth_of_flipped_labels_is_always_caught(kind: Kind) -> None:
    rng = np.random.default_rng(3)
    for seed in range(40):
        rows = rng.choice(len(POOL.truth), 1500, replace=False)
        new = flipped(some(rows[1000:]), 0.2, kind, seed)
        assert examine(some(rows[:1000]), new, error=0.05).refused


def test_the_worst_rows_are_the_flipped_ones() -> None:
    sure = drawn(3000, 4, 9.0, seed=9)
    trusted, new = sure.rows(np.arange(3000) < 2500), sure.rows(np.arange(3000) >= 2500)
    wrong = flipped(new, 0.05, "random", 1)
    found = examine(trusted, wrong, error=0.05)
    changed = np.flatnonzero(wrong.truth != new.truth)
    first = found.worst[: len(changed)]
    assert {suspect.row for suspect in first} == set(changed.tolist())
    for suspect in first:
        assert suspect.given == sure.labels[wrong.truth[suspect.row]]
        assert suspect.likelier == sure.labels[new.truth[suspect.row]]
        assert suspect.given_probability < suspect.likelier_probability
    shown = [suspect.given_probability for suspect in found.worst]
    assert shown[0] < shown[-1]


def test_the_shares_are_those_of_confident_learning() -> None:
    sure = drawn(3000, 4, 9.0, seed=9)
    trusted, new = sure.rows(np.arange(3000) < 2500), sure.rows(np.arange(3000) >= 2500)
    found = examine(trusted, flipped(new, 0.2, "random", 1), error=0.05)
    assert found.trusted_share < 0.005
    # Rows below their class's mean confidence are held to be of no class.
    assert 0.1 < found.new_share <= 0.21
    assert (found.trusted_rows, found.new_rows) == (2500, 500)
    assert found.p_value == permutation.LEAST_ERROR and found.refused


def test_equal_seeds_give_equal_answers() -> None:
    rows = np.arange(900)
    first, again, other = (
        examine(some(rows[:600]), some(rows[600:]), error=0.05, seed=s) for s in (1, 1, 2)
    )
    assert first == again
    assert first.p_value != other.p_value


def test_labels_that_trusted_rows_lack_are_no_evidence() -> None:
    trusted = POOL.rows(POOL.truth == 0)
    found = examine(trusted, POOL.rows(POOL.truth == 1), error=0.05)
    assert found.p_value == 1.0 and not found.refused


def test_ten_thousand_trusted_and_five_thousand_new_rows_take_less_than_a_second() -> None:
    trusted, new = some(np.arange(10_000)), some(np.arange(10_000, 15_000))
    examine(trusted, new, error=0.05)
    started = time.process_time()
    examine(trusted, new, error=0.05)
    assert time.process_time() - started < 1


def test_other_labels_and_an_error_without_meaning_are_refused() -> None:
    renamed = Predictions(POOL.truth, POOL.probabilities, ("w", "x", "y", "z"))
    with pytest.raises(ValueError, match="new rows of"):
        examine(POOL, renamed, error=0.05)
    with pytest.raises(ValueError, match="false alarm"):
        examine(POOL, POOL, error=0.0)
