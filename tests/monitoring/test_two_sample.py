"""P-values are as small as chance makes them and no smaller, also far in the tail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact, kstest

from assay.monitoring.two_sample import Comparison, categories, numbers

LEVEL = 0.05 / 52


def drawn(rows: int, mix: list[float], random: np.random.Generator) -> dict[str, int]:
    counts = random.multinomial(rows, mix)
    return {str(place): int(count) for place, count in enumerate(counts)}


def test_the_statistic_is_the_greatest_difference_of_shares() -> None:
    found = numbers(np.array([0.0, 1, 2, 3]), np.array([2.5, 2.6]))
    assert found.statistic == pytest.approx(0.75)
    # Of the 15 orders of 6 rows, those in which the two stand together at the third place from an
    # end or nearer to it are as extreme: pairs (5, 6), (1, 2), (4, 5), (2, 3), (4, 6), (1, 3).
    assert found.p_value == pytest.approx(6 / 15)


@pytest.mark.parametrize(("rows", "times"), [((100, 30), 400), ((12_000, 50), 150)])
def test_p_values_of_numbers_are_uniform_where_nothing_changed(
    rows: tuple[int, int], times: int
) -> None:
    random = np.random.default_rng(1)
    values = [
        numbers(random.normal(size=rows[0]), random.normal(size=rows[1])).p_value
        for _ in range(times)
    ]
    assert kstest(values, "uniform").pvalue > 0.001


def test_ties_make_the_test_of_numbers_cautious() -> None:
    random = np.random.default_rng(1)
    values = [
        numbers(
            (random.random(100) < 0.1).astype(float), (random.random(50) < 0.1).astype(float)
        ).p_value
        for _ in range(400)
    ]
    assert np.mean(np.array(values) < 0.1) < 0.05


def test_p_values_of_rare_categories_are_not_too_small() -> None:
    random = np.random.default_rng(2)
    mix = [0.9, 0.05, 0.03, 0.02]
    values = np.array(
        [
            categories(drawn(400, mix, random), drawn(60, mix, random), LEVEL).p_value
            for _ in range(800)
        ]
    )
    for level in (0.01, 0.05, 0.2):
        share = float(np.mean(values <= level))
        assert share <= level + 3 * np.sqrt(level * (1 - level) / len(values))
    assert np.mean(values <= 0.2) > 0.1


def test_few_rows_are_tested_exactly() -> None:
    """Chi-square's own distribution calls this one table in 6,000; it is one in 1,000."""
    reference, current = {"a": 1960, "b": 40}, {"a": 92, "b": 8}
    table = [list(reference.values()), list(current.values())]
    asymptotic = chi2_contingency(table, correction=False)
    found = categories(reference, current, LEVEL)
    exact = fisher_exact(table).pvalue
    assert found.statistic == pytest.approx(asymptotic.statistic)
    assert found.p_value == pytest.approx(exact, rel=0.4)
    assert asymptotic.pvalue < exact / 3


def test_many_rows_need_no_random_tables() -> None:
    reference, current = {"a": 9000, "b": 1000}, {"a": 4000, "b": 2000}
    found = categories(reference, current, LEVEL)
    exact = chi2_contingency([[9000, 1000], [4000, 2000]], correction=False)
    assert found.statistic == pytest.approx(exact.statistic)
    assert found.p_value == pytest.approx(exact.pvalue)
    assert found.p_value < 1e-100


@pytest.mark.parametrize("level", [LEVEL, LEVEL / 20, 1e-9])
def test_a_new_category_is_found_at_any_level(level: float) -> None:
    found = categories({"a": 500, "b": 500}, {"a": 40, "b": 40, "new": 20}, level)
    assert 0 < found.p_value < level


def test_a_level_below_what_random_tables_reach_is_held_exactly() -> None:
    table = [[60, 40], [15, 35]]
    found = categories({"a": 60, "b": 40}, {"a": 15, "b": 35}, 1e-9)
    exact = fisher_exact(table, alternative="greater").pvalue
    assert found.p_value == pytest.approx(4 * exact)


def test_categories_without_rows_and_a_single_one_tell_nothing() -> None:
    assert categories({"a": 50, "b": 0}, {"a": 30}, LEVEL) == Comparison(0.0, 1.0)


def test_the_same_rows_give_the_same_p_value() -> None:
    sides = ({"a": 80, "b": 20}, {"a": 30, "b": 20})
    assert categories(*sides, LEVEL) == categories(*sides, LEVEL)
