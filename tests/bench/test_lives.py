from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.lives import CLOSE, RIGHT, Look, answers, live, power

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS, MARGIN = 2400, 0.02


@pytest.fixture(scope="module")
def look() -> Look:
    return Look(ROWS, MARGIN)


def test_answers_have_the_true_share_and_are_mostly_wrong_on_the_same_rows() -> None:
    random = np.random.default_rng(13)
    hard = random.random(200_000) >= RIGHT
    champion = answers(random, hard, RIGHT)
    for right in (RIGHT - 0.02, RIGHT, RIGHT + 0.02):
        other = answers(random, hard, right)
        assert other.mean() == pytest.approx(right, abs=0.005)
        # Independent models of this skill would disagree on 34 % of the rows.
        assert 0.07 < (other != champion).mean() < 0.1


def test_where_the_approximation_is_far_the_exact_p_does_not_pass_either(look: Look) -> None:
    for discordant in (140, 180, 220):
        for level in (0.03, 0.0005):
            own = look.critical(discordant, level)
            assert look.p(own, discordant - own) <= level < look.p(own - 1, discordant - own + 1)
            assert look.approximate(own, discordant - own) <= CLOSE * level
            assert look.passes(own, discordant - own, level)
            assert not look.passes(own - 1, discordant - own + 1, level)


def test_of_few_discordant_rows_none_or_all_may_pass() -> None:
    assert Look(ROWS, MARGIN).critical(2, 0.05) == 0
    assert Look(100, -0.1).critical(2, 0.05) == 3


def test_power_is_how_often_drawn_challengers_pass(look: Look) -> None:
    level, gain, share, lives = 0.025, 0.01, 0.08, 2000
    own = (share + gain) / 2
    drawn = np.random.default_rng(13).multinomial(ROWS, [own, share - own, 1 - share], size=lives)
    passed = np.mean([look.passes(first, second, level) for first, second, _ in drawn.tolist()])
    assert power(look, level, gain, share) == pytest.approx(passed, abs=0.03)
    assert power(look, level, -MARGIN, share) <= level


def test_a_challenger_that_passes_is_the_champion_of_the_next_look() -> None:
    # The third model is as good as the first, and so better than the second alone.
    better, gains = Look(ROWS, -0.03), [-0.06, 0.06]

    def lenient_once(passed: Sequence[bool]) -> float:
        return 0.01 if passed else 1.0

    assert live(5, better, lenient_once, gains) == [True, True]


def test_a_look_is_told_what_passed_before_and_a_life_is_its_seed(look: Look) -> None:
    asked: list[list[bool]] = []

    def spent(passed: Sequence[bool]) -> float:
        asked.append(list(passed))
        return 0.0 if len(passed) == 1 else 0.02

    lives = [live(seed, look, spent, [-0.01] * 3) for seed in (5, 5, *range(10))]
    assert lives[0] == lives[1]
    assert len({tuple(life) for life in lives}) > 1
    assert all(life[1] is False for life in lives)
    assert asked[:3] == [[], lives[0][:1], lives[0][:2]]
