from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.classification.flips import flip


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.01, 3), (0.2, 60)])
def test_random_flips_change_so_many_rows_of_every_class(share: float, count: int) -> None:
    given = np.arange(300) % 3
    flipped = flip(given, 3, share, "random", np.random.default_rng(1))
    changed = flipped != given
    assert changed.sum() == count
    assert flipped.min() >= 0 and flipped.max() <= 2
    if count == 60:
        assert len(np.unique(given[changed] * 3 + flipped[changed])) == 6
    assert np.array_equal(given, np.arange(300) % 3)


def test_flips_of_one_class_go_to_one_other() -> None:
    given = np.arange(300) % 3
    pairs = set()
    for seed in range(60):
        flipped = flip(given, 3, 0.05, "one class", np.random.default_rng(seed))
        changed = flipped != given
        assert changed.sum() == 15
        (source,), (target,) = np.unique(given[changed]), np.unique(flipped[changed])
        pairs.add((int(source), int(target)))
    assert len(pairs) == 6


def test_no_more_rows_are_flipped_than_the_class_has() -> None:
    given = np.arange(100) % 10
    flipped = flip(given, 10, 0.2, "one class", np.random.default_rng(1))
    assert (flipped != given).sum() == 10
