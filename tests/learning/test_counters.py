from __future__ import annotations

import numpy as np

from assay.learning.counters import drawn

ROWS = np.arange(7000, dtype=np.uint64)


def test_numbers_of_neighbouring_rows_are_spread_evenly() -> None:
    numbers = drawn(0, 0, ROWS, 1)
    counts = np.bincount((numbers % np.uint64(7)).astype(int), minlength=7)
    assert counts.min() > 900
    assert len(np.unique(numbers)) == 7000
    assert not np.array_equal(numbers, drawn(0, 0, ROWS, 2))


def test_a_number_depends_on_no_other() -> None:
    together = drawn(3, 1, ROWS.reshape(70, 100), 0)
    assert together.shape == (70, 100)
    assert together[4, 5] == drawn(3, 1, ROWS[405:406], 0)[0]
    assert together[4, 5] != drawn(3, 2, ROWS[405:406], 0)[0]
