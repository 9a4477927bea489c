"""Random numbers that are drawn from (seed, epoch, number) alone.

Reads and writes nothing. A row's numbers are the same in every batch, behind every other row, and
after every restart: what is random in a training is drawn here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, np.dtype[np.uint64]]


def drawn(seed: int, epoch: int, rows: Numbers, stream: int) -> Numbers:
    """Return one uint64 a row, from a counter that is hashed (Steele et al., SplitMix, 2014).

    Args:
        seed: of the training.
        epoch: from 0.
        rows: numbers of rows, or of what a row has several of, of any shape.
        stream: tells apart what is drawn for one row.

    """
    start = np.random.SeedSequence([seed, epoch, stream]).generate_state(1, np.uint64)[0]
    value = start + (rows + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(value ^ (value >> np.uint64(31)))
