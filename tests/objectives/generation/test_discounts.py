from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.generation.discounts import FALLBACK, discounts


def test_the_discounts_are_those_of_chen_and_goodman() -> None:
    # n1 = 8, n2 = 4, n3 = 2, n4 = 1: Y = 8 / 16.
    counts = np.array([1] * 8 + [2] * 4 + [3] * 2 + [4] + [90, 0])
    found = discounts(counts)
    assert found[0] == pytest.approx(1 - 2 * 0.5 * 4 / 8)
    assert found[8] == pytest.approx(2 - 3 * 0.5 * 2 / 4)
    assert found[12] == pytest.approx(3 - 4 * 0.5 * 1 / 2)
    # Four and ninety lose as much as three, and a count of 0 nothing.
    assert found[14] == found[15] == found[12]
    assert found[16] == 0


@pytest.mark.parametrize(
    "counts",
    [
        [2, 3, 4, 4],  # none of count 1
        [1, 1, 3, 4],  # none of count 2
        [1, 1, 2, 4],  # none of count 3
        [1, 2, 3, 3, 3],  # that of 2 would be -1
        [1, 1, 2, 3, 3],  # that of 2 would be -1
        [1, 1, 2, 2, 3, 4, 4, 4],  # that of 3 would be -1
        [7000, 800, 90],
    ],
)
def test_what_the_formula_does_not_give_is_the_fallback(counts: list[int]) -> None:
    found = discounts(np.array(counts))
    assert found.tolist() == [FALLBACK[min(count, 3)] for count in counts]


def test_no_discount_exceeds_its_count() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        counts = random.zipf(random.uniform(1.2, 3), size=40).clip(max=1000)
        lost = discounts(counts)
        assert np.all((lost > 0) & (lost <= counts))


def test_no_count_at_all_has_no_discount() -> None:
    assert discounts(np.array([], dtype=np.int64)).shape == (0,)
