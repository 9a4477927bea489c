"""How many wrong labels the test would find: labels of trusted rows are flipped, and looked for.

Reads and writes nothing; flips copies alone. What it measures is printed beside a verdict of
:mod:`assay.objectives.classification.suspicion`, so that "nothing found" can be weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.objectives.classification import contamination, permutation
from assay.objectives.classification.flips import KINDS, SHARES, flip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.objectives.classification.contamination import Part
    from assay.objectives.classification.flips import Kind
    from assay.objectives.classification.metrics import Floats, Ints, Predictions

REPEATS = 200


@dataclass(frozen=True)
class Power:
    """How often flipped labels were found.

    Attributes:
        kind: ``random``: rows of any class to any other; ``one class``: rows of one class to
            another, both drawn anew each time.
        share: of the new rows that were flipped; ``one class`` flips at most the whole class.
        new_rows: how many new rows there were: half of the trusted rows at most.
        detected: the share of repeats in which the rows were refused.

    """

    kind: Kind
    share: float
    new_rows: int
    detected: float


def power(
    trusted: Predictions, *, new_rows: int, error: float, seed: int = 13, repeats: int = REPEATS
) -> tuple[Power, ...]:
    """Measure how often flipped labels are found in as many new rows.

    Trusted rows are split at random into new ones, some of which are flipped, and the rest, so the
    rest is smaller than what the gate compares with, and the figure is on the low side. The
    critical values come from one set of permutations, not from one per repeat: the statistics are
    standardized, so they hardly depend on the split.

    Args:
        trusted: the champion on rows that it was not trained on, at least 4, of 2 classes or more.
        new_rows: as many as the gate will look at; half of the trusted rows are used at most.
        error: the chance of a false alarm, 0.001 or more.
        seed: of the splits, flips and permutations.
        repeats: of each kind and share.

    Raises:
        ValueError: too few rows or classes, or ``error`` is out of range.

    """
    permutation.require_error(error)
    if len(trusted.truth) < 4 or len(trusted.labels) < 2 or new_rows < 1:
        raise ValueError(
            f"{new_rows} new rows, {len(trusted.truth)} trusted rows of {len(trusted.labels)} "
            "classes; expected at least 1, 4 and 2"
        )
    rng = np.random.default_rng(seed)
    trial = _Trial(trusted, min(new_rows, len(trusted.truth) // 2))
    limits = trial.critical(error, seed, rng)
    return tuple(
        Power(
            kind=kind,
            share=share,
            new_rows=trial.new_rows,
            detected=sum(trial.found(limits, share, kind, rng) for _ in range(repeats)) / repeats,
        )
        for kind in KINDS
        for share in SHARES
    )


class _Trial:
    """The scores and sums of all rows, of which a repeat changes those of its flipped rows."""

    def __init__(self, trusted: Predictions, new_rows: int) -> None:
        self.trusted, self.new_rows = trusted, new_rows
        self.prior = trusted.probabilities.mean(axis=0)
        self.table = contamination.scores(trusted.probabilities, trusted.truth, self.prior)
        self.sums = self._sums(self.table, trusted.truth)

    def critical(self, error: float, seed: int, rng: np.random.Generator) -> tuple[float, float]:
        """Return the least overall and the least pair statistic that are refused."""
        marks = np.zeros(len(self.table), dtype=np.int64)
        marks[rng.choice(len(marks), self.new_rows, replace=False)] = 1
        null = permutation.permuted(self.table, self.trusted.truth, marks, seed)
        return permutation.critical(null, error)

    def found(
        self, limits: tuple[float, float], share: float, kind: Kind, rng: np.random.Generator
    ) -> bool:
        """Return whether labels that were flipped in a random part of the rows are found."""
        rows = rng.choice(len(self.table), self.new_rows, replace=False)
        given = self.trusted.truth[rows]
        flipped = flip(given, len(self.trusted.labels), share, kind, rng)
        changed, table = flipped != given, self.table[rows]
        before = self._sums(table, given)
        table[changed] = contamination.scores(
            self.trusted.probabilities[rows[changed]], flipped[changed], self.prior
        )
        new = self._sums(table, flipped)
        whole = self.sums - before + new
        statistics = contamination.combine(_parts(new, whole), 1)
        return bool(statistics.overall[0] >= limits[0] or statistics.pair[0] >= limits[1])

    def _sums(self, table: Floats, given: Ints) -> Floats:
        """Return rows, sums and sums of squares by label, shape (classes, 1 + 2 columns)."""
        own = (given == np.arange(len(self.trusted.labels))[:, None]).astype(np.float64)
        sums: Floats = own @ np.column_stack([np.ones(len(table)), table, table**2])
        return sums


def _parts(new: Floats, whole: Floats) -> Iterator[Part]:
    columns = (whole.shape[1] - 1) // 2
    for some, every in zip(new, whole, strict=True):
        count, rows = round(some[0]), round(every[0])
        if 0 < count < rows:
            total, squares = every[1 : 1 + columns], every[1 + columns :]
            expected, variance = contamination.spread(rows, count, total, squares)
            yield (some[1 : 1 + columns] - expected)[None], variance
