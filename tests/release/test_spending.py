"""Over a whole life of looks at the same rows the error stays within its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from assay.release.spending import levels, next_level, weight
from bench.lives import Look, live

if TYPE_CHECKING:
    from collections.abc import Sequence

ERROR, LOOKS = 0.05, 52
ROWS, MARGIN = 2400, 0.02
WORSE = -MARGIN * 1.0001  # by just more than the margin, in truth


def test_the_shares_sum_to_one() -> None:
    for looks in (1, 2, 52, 400):
        assert sum(weight(number, looks) for number in range(1, looks + 1)) == pytest.approx(1)
        assert weight(looks + 1, looks) == 0.0


def test_what_passed_is_carried_on_and_what_failed_is_lost() -> None:
    own = ERROR * 0.5 / 51
    assert levels([True, True, False], ERROR, LOOKS) == pytest.approx(
        [0.025, 0.025 + own, 0.025 + 2 * own, own]
    )
    assert next_level([], ERROR, LOOKS) == pytest.approx(0.025)


def test_after_the_last_look_there_is_nothing_left() -> None:
    assert next_level([False] * LOOKS, ERROR, LOOKS) == 0.0
    assert next_level([True] * LOOKS, ERROR, LOOKS) == pytest.approx(ERROR)


def spent(passed: Sequence[bool]) -> float:
    return next_level(passed, ERROR, LOOKS)


@pytest.fixture(scope="module")
def look() -> Look:
    """The gate's test; every p that one life computed serves all."""
    return Look(ROWS, MARGIN)


def _wrong(passed: Sequence[bool], gains: Sequence[float]) -> bool:
    """Tell whether a challenger that is worse by more than the margin was ever promoted."""
    return any(won and gain < -MARGIN for won, gain in zip(passed, gains, strict=True))


def test_over_two_thousand_lives_of_a_year_the_error_holds(look: Look) -> None:
    lives, gains = 2000, [WORSE] * LOOKS
    wrong = sum(_wrong(live(seed, look, spent, gains), gains) for seed in range(lives))
    # Stricter than a bound that allows for chance, which would be 131 of 2,000.
    assert wrong <= ERROR * lives
    # Not because nothing ever passes: the first look alone spends half.
    assert wrong >= ERROR / 2 * lives


def test_equal_challengers_in_between_who_are_promoted_do_not_raise_the_error(look: Look) -> None:
    lives, wrong, equals = 600, 0, 0
    for seed in range(lives):
        worse = np.random.default_rng((seed, 1)).random(LOOKS) < 0.5
        gains = np.where(worse, WORSE, 0.0).tolist()
        passed = live(seed, look, spent, gains)
        wrong += _wrong(passed, gains)
        equals += sum(passed)
    assert wrong <= ERROR * lives
    assert equals > lives  # champions did change


def test_without_spending_the_error_would_not_hold(look: Look) -> None:
    lives, gains = 150, [WORSE] * LOOKS
    wrong = sum(_wrong(live(seed, look, lambda _: ERROR, gains), gains) for seed in range(lives))
    assert stats.binomtest(wrong, lives, ERROR, alternative="greater").pvalue < 1e-6
