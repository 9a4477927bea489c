"""Over a whole life of looks at the same rows the error stays within its bound."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from assay.objectives.classification.noninferiority import Paired, p_value
from assay.release.spending import levels, next_level, weight

if TYPE_CHECKING:
    from collections.abc import Callable

    Rows = np.ndarray[Any, np.dtype[np.bool_]]

ERROR, LOOKS = 0.05, 52
ROWS, RIGHT, MARGIN = 2400, 0.78, 0.02
# Each model errs on rows of its own beside those that are hard for all: about 8 % discordant.
OWN = 0.04


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


@cache
def exact(own: int, others: int) -> float:
    return p_value(Paired(ROWS - own - others, own, others, 0), MARGIN)


def passes(own: int, others: int, level: float) -> bool:
    """Tell whether p is at most the level; far from it a normal approximation is enough."""
    spread = max(own + others - (own - others) ** 2 / ROWS, 1) ** 0.5
    rough = float(stats.norm.sf((own - others + MARGIN * ROWS) / spread))
    return rough <= 4 * level and exact(own, others) <= level


def draw(random: np.random.Generator, hard: Rows, right: float) -> Rows:
    """Return which rows a model of that true share gets right, given which rows are hard."""
    # Of the rows that are easy it misses some, of the hard ones it gets some.
    lost = OWN / 2 + max(0.0, RIGHT - right) / RIGHT
    gained = (right - RIGHT * (1 - lost)) / (1 - RIGHT)
    return np.where(hard, random.random(ROWS) < gained, random.random(ROWS) >= lost)


def wrongly_promotes(seed: int, level_of: Callable[[list[bool]], float], equal: float) -> bool:
    """Live one life; tell whether a challenger that is worse by more than the margin is promoted.

    A share ``equal`` of the challengers is as good as the champion, and may be promoted.
    """
    random = np.random.default_rng(seed)
    hard = random.random(ROWS) >= RIGHT
    champion = draw(random, hard, RIGHT)
    passed: list[bool] = []
    for _ in range(LOOKS):
        good = random.random() < equal
        challenger = draw(random, hard, RIGHT if good else RIGHT - MARGIN * 1.0001)
        own = int((challenger & ~champion).sum())
        others = int((~challenger & champion).sum())
        passed.append(passes(own, others, level_of(passed)))
        if passed[-1] and not good:
            return True
        if passed[-1]:
            champion = challenger
    return False


def spent(passed: list[bool]) -> float:
    return next_level(passed, ERROR, LOOKS)


@pytest.mark.parametrize(("equal", "lives"), [(0.0, 1500), (0.5, 1000)])
def test_over_a_thousand_lives_of_a_year_the_error_holds(equal: float, lives: int) -> None:
    wrong = sum(wrongly_promotes(seed, spent, equal) for seed in range(lives))
    assert wrong / lives <= ERROR
    assert wrong  # the challengers are near enough the bound to pass at times


def test_without_spending_the_error_would_not_hold() -> None:
    lives = 200
    wrong = sum(wrongly_promotes(seed, lambda _: ERROR, 0.0) for seed in range(lives))
    assert wrong / lives > 3 * ERROR
