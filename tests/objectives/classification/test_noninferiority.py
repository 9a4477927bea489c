"""The exact test against enumeration, and its error against simulation."""

from __future__ import annotations

import time
from math import comb

import numpy as np
import pytest
from scipy import stats

from assay.objectives.classification.metrics import Predictions
from assay.objectives.classification.noninferiority import (
    MISSED,
    Paired,
    mcnemar,
    p_value,
    paired,
    power,
)


def _right(right: list[bool]) -> Predictions:
    """Return predictions of which those rows are right."""
    likely = np.where(right, 0.9, 0.1)
    return Predictions(
        np.zeros(len(right), dtype=np.int64), np.stack([likely, 1 - likely], axis=1), ("a", "b")
    )


def test_rows_are_counted_by_who_is_right() -> None:
    challenger = _right([True, True, True, False, False, False])
    champion = _right([True, False, False, True, False, False])
    counts = paired(challenger, champion)
    assert counts == Paired(both=1, only_challenger=2, only_champion=1, neither=2)
    assert (counts.rows, counts.discordant) == (6, 3)
    assert counts.difference == pytest.approx(1 / 6)


def test_other_rows_are_refused() -> None:
    one = _right([True, True])
    other = Predictions(np.array([0, 1]), one.probabilities, one.labels)
    with pytest.raises(ValueError, match="not measured on the same rows"):
        paired(one, other)


def _enumerated(counts: Paired, margin: float, share: float) -> float:
    """Return the chance of a score at least as great, by adding up every outcome."""
    rows, own, others = counts.rows, (share - margin) / 2, (share + margin) / 2

    def score(i: int, j: int) -> float:
        return float((i - j + margin * rows) / max(i + j, abs(margin) * rows, 1) ** 0.5)

    seen = score(counts.only_challenger, counts.only_champion)
    return sum(
        comb(rows, i) * comb(rows - i, j) * own**i * others**j * (1 - share) ** (rows - i - j)
        for i in range(rows + 1)
        for j in range(rows + 1 - i)
        if score(i, j) >= seen - 1e-9
    )


@pytest.mark.parametrize("margin", [0.1, -0.1, 0.3])
@pytest.mark.parametrize(
    ("own", "others"), [(0, 0), (3, 1), (5, 0), (1, 4), (12, 0), (0, 12), (6, 6)]
)
def test_p_is_the_worst_of_all_shares_of_discordant_rows(
    own: int, others: int, margin: float
) -> None:
    counts = Paired(12 - own - others, own, others, 0)
    low, high = stats.binomtest(own + others, 12).proportion_ci(1 - MISSED, "exact")
    shares = np.linspace(max(low, abs(margin)), max(high, abs(margin)), 400)
    worst = max(_enumerated(counts, margin, float(share)) for share in shares)
    assert p_value(counts, margin) == pytest.approx(min(1, worst + MISSED), rel=1e-3)


def test_more_right_rows_give_a_lower_p_and_a_wider_margin_too() -> None:
    counts = [Paired(1800, 100 + extra, 100, 400 - extra) for extra in (-40, -20, 0, 20, 40)]
    ps = [p_value(one, 0.02) for one in counts]
    assert ps == sorted(ps, reverse=True)
    assert len(set(ps)) == len(ps)
    margins = [p_value(counts[2], margin) for margin in (-0.01, 0.0, 0.01, 0.02)]
    assert margins == sorted(margins, reverse=True)


@pytest.mark.parametrize("margin", [0.02, -0.005])
@pytest.mark.parametrize("level", [0.05, 0.02])
def test_a_challenger_that_breaks_the_policy_passes_no_more_often_than_the_level(
    margin: float, level: float
) -> None:
    random, rows, share, lives = np.random.default_rng(13), 300, 0.1, 1500
    own = (share - margin) / 2
    drawn = random.multinomial(rows, [own, share - own, 1 - share], size=lives)
    known: dict[tuple[int, int], float] = {}
    passed = 0
    for first, second, _ in drawn.tolist():
        key = (first, second)
        if key not in known:
            known[key] = p_value(Paired(rows - first - second, first, second, 0), margin)
        passed += known[key] <= level
    assert passed / lives <= level + 3 * (level * (1 - level) / lives) ** 0.5
    assert passed  # not so strict that nothing ever passes


def test_extremes_are_no_errors() -> None:
    assert p_value(Paired(10, 0, 0, 0), 0.0) == 1.0
    assert p_value(Paired(0, 0, 10, 0), 0.02) == 1.0
    assert p_value(Paired(0, 1, 0, 0), 0.02) <= 1.0
    assert p_value(Paired(0, 100, 0, 0), 0.02) == pytest.approx(MISSED, abs=1e-6)


@pytest.mark.parametrize("counts", [Paired(10, 0, 0, 0), Paired(0, 10, 0, 0), Paired(3, 3, 4, 0)])
def test_a_margin_beyond_one_always_or_never_passes(counts: Paired) -> None:
    assert p_value(counts, 1.5) == p_value(counts, 1.0) <= 1e-5
    assert p_value(counts, -1.5) == p_value(counts, -1.0) == 1.0


def test_ten_thousand_rows_take_less_than_a_third_of_a_second() -> None:
    counts = Paired(9200, 410, 390, 0)
    p_value(counts, 0.02)
    taken = []
    for _ in range(5):
        began = time.process_time()
        p_value(counts, 0.02)
        taken.append(time.process_time() - began)
    assert min(taken) < 0.3


def test_mcnemar_is_the_exact_binomial_test() -> None:
    assert mcnemar(Paired(5, 0, 0, 5)) == 1.0
    assert mcnemar(Paired(0, 8, 0, 0)) == pytest.approx(2 * 0.5**8)
    assert mcnemar(Paired(0, 3, 3, 0)) == 1.0


def test_power_is_how_often_an_equal_challenger_really_passes() -> None:
    rows, share, margin, level = 1000, 0.08, 0.02, 0.05
    counts = Paired(rows - 80, 40, 40, 0)
    random, lives = np.random.default_rng(13), 300
    drawn = random.multinomial(rows, [share / 2, share / 2, 1 - share], size=lives)
    passed = sum(
        p_value(Paired(rows - a - b, a, b, 0), margin) <= level for a, b, _ in drawn.tolist()
    )
    assert power(counts, margin, level) == pytest.approx(passed / lives, abs=0.08)
    assert 0.4 < passed / lives < 0.9
    assert power(counts, margin, 0.0) == 0.0
    assert power(Paired(10_000 - 600, 300, 300, 0), margin, level) > 0.99
