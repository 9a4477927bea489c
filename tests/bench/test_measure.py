from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.measure import Spread, facts, in_turns, number, percentile, ratios

if TYPE_CHECKING:
    from collections.abc import Callable


def test_contenders_run_in_turns_and_ratios_are_taken_a_round() -> None:
    order: list[str] = []
    scripted = {"a": iter([1.0, 2.0, 10.0]), "b": iter([2.0, 8.0, 5.0])}

    def contender(name: str) -> Callable[[], float]:
        def run() -> float:
            order.append(name)
            return next(scripted[name])

        return run

    found = in_turns({name: contender(name) for name in scripted}, rounds=3)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert found == {"a": [1.0, 2.0, 10.0], "b": [2.0, 8.0, 5.0]}
    each = ratios(found["b"], found["a"])
    assert each == [2.0, 4.0, 0.5]
    # The median of ratios; the ratio of medians would be 2.5.
    assert Spread.of(each) == Spread(median=2.0, low=0.5, high=4.0)


def test_ratios_of_unequal_numbers_of_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_a_spread_shows_median_least_and_greatest() -> None:
    assert str(Spread.of([3.0, 1.0, 12.0])) == "3.00 (1.00–12.0)"
    assert (number(1234.5), number(0.0192)) == ("1,234", "0.019")


def test_the_95th_percentile_is_a_value_that_19_of_20_do_not_exceed() -> None:
    assert percentile([float(n) for n in range(20, 0, -1)], 0.95) == 19.0
    assert percentile([7.0], 0.95) == 7.0


def test_facts_name_hardware_versions_and_runs() -> None:
    found = facts("3 rounds")
    for word in ("Hardware", "cores", "python 3.", "torch 2.", "dvc 3.", "prefect 3.", "3 rounds"):
        assert word in found
