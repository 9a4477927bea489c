"""An exact permutation test of whether new rows carry more wrong labels than trusted rows.

Reads and writes nothing. Among rows of one given label, trusted and new ones are exchangeable where
the labels are equally good, whatever the classifier's calibration and the classes' shares; the
scores depend on both tables together, never on which row is new. So the level is exact for any
number of rows (Phipson and Smyth 2010, "Permutation P-values Should Never Be Zero").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from assay.objectives.classification import contamination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.objectives.classification.contamination import Part, Statistics
    from assay.objectives.classification.metrics import Floats, Ints

DRAWS = 999
# A permutation test can't show a smaller p-value.
LEAST_ERROR = 1 / (1 + DRAWS)
# How many random keys are held at once: few enough for the cache of the processor.
AT_ONCE = 100_000


def require_error(error: float) -> None:
    """Refuse a chance of a false alarm that the test can't keep.

    Raises:
        ValueError: it is below 0.001, or 1 or more.

    """
    if not LEAST_ERROR <= error < 1:
        raise ValueError(f"the chance of a false alarm is {error}; expected {LEAST_ERROR} to 1")


def permuted(table: Floats, given: Ints, new: Ints, seed: int, draws: int = DRAWS) -> Statistics:
    """Return the statistics as they are, and with the new rows drawn anew within each given label.

    Args:
        table: scores, shape (rows, columns).
        given: class numbers, shape (rows,).
        new: 1 for a new row, 0 for a trusted one, shape (rows,).
        seed: of the draws.
        draws: their number.

    Returns:
        Shape (1 + draws,): what was observed comes first.

    """
    return contamination.combine(
        _parts(table, given, new, np.random.default_rng(seed), draws), 1 + draws
    )


def _parts(
    table: Floats, given: Ints, new: Ints, rng: np.random.Generator, draws: int
) -> Iterator[Part]:
    for label in np.unique(given):
        chosen = given == label
        of_label, marks = table[chosen], new[chosen]
        count = int(marks.sum())
        if 0 < count < len(marks):
            expected, variance = contamination.spread(
                len(marks), count, of_label.sum(axis=0), (of_label**2).sum(axis=0)
            )
            observed = marks.astype(np.float64)[None] @ of_label
            drawn = [block @ of_label for block in _marks(len(marks), count, draws, rng)]
            yield np.vstack([observed, *drawn]) - expected, variance


def _marks(rows: int, count: int, draws: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield blocks of draws, shape (block, rows): 1 for each of ``count`` rows, else 0."""
    block = max(1, AT_ONCE // rows)
    for start in range(0, draws, block):
        keys = rng.random((min(block, draws - start), rows), dtype=np.float32)
        marks = np.zeros(keys.shape)
        np.put_along_axis(marks, np.argpartition(keys, count - 1, axis=1)[:, :count], 1.0, axis=1)
        yield marks


def smaller_p(found: Statistics) -> Floats:
    """Return for each draw the smaller p-value of its two statistics, shape (draws,)."""
    size = len(found.overall)
    overall, pair = (rankdata(-values, method="max") for values in (found.overall, found.pair))
    smaller: Floats = np.minimum(overall, pair) / size
    return smaller


def p_value(found: Statistics) -> float:
    """Return the p-value of what was observed, the first of the draws.

    The smaller of two p-values is compared with the same figure of each draw, so that two
    looks cost no more than their joint distribution demands (Westfall and Young 1993).
    """
    smaller = smaller_p(found)
    return float((smaller <= smaller[0]).mean())


def critical(null: Statistics, error: float) -> tuple[float, float]:
    """Return the least overall and the least pair statistic that a level of ``error`` refuses.

    Infinite where no draw reaches the level.
    """
    smaller = smaller_p(null)
    levels = np.unique(smaller)
    kept = [level for level in levels if (smaller <= level).mean() <= error]
    if not kept:
        return float("inf"), float("inf")
    least = [
        values[rankdata(-values, method="max") / len(values) <= kept[-1]]
        for values in (null.overall, null.pair)
    ]
    overall, pair = (float(values.min()) if len(values) else float("inf") for values in least)
    return overall, pair
