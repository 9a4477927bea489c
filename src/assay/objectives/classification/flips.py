"""Labels that are flipped on purpose, to measure how many a test finds.

Reads and writes nothing; flips copies alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from assay.objectives.classification.metrics import Ints

# ``random``: rows of any class to any other. ``one class``: rows of one class to another.
Kind = Literal["random", "one class"]
KINDS: tuple[Kind, ...] = ("random", "one class")
SHARES = (0.01, 0.05, 0.2)


def flip(given: Ints, classes: int, share: float, kind: Kind, rng: np.random.Generator) -> Ints:
    """Return a copy of the labels with a share of them flipped.

    Args:
        given: class numbers, shape (rows,).
        classes: how many there are, at least 2.
        share: of the rows, rounded to whole rows. Of ``one class`` at most all of its rows.
        kind: as :data:`Kind`; the classes of ``one class`` are drawn, too.
        rng: which rows, and to what.

    """
    flipped, count = given.copy(), round(share * len(given))
    if kind == "random":
        rows = rng.choice(len(given), count, replace=False)
        flipped[rows] = (given[rows] + rng.integers(1, classes, count)) % classes
        return flipped
    source = rng.choice(np.unique(given))
    candidates = np.flatnonzero(given == source)
    rows = rng.choice(candidates, min(count, len(candidates)), replace=False)
    flipped[rows] = (source + rng.integers(1, classes)) % classes
    return flipped
