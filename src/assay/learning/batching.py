"""An epoch's batches, drawn anew from (seed, epoch) alone: of like length, or all of one size.

Reads and writes nothing. For rows of several lengths, rows are shuffled, cut into pools, sorted by
length inside each pool and cut into batches, which are shuffled again: almost no padding, and still
a random order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

# Batches a pool: larger pads less, smaller mixes more.
POOL = 50


def bucketed(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Return one epoch's batches of row numbers: every row once, the last batch maybe smaller."""
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(lengths))
    length_of = np.asarray(lengths)
    batches: list[list[int]] = []
    for start in range(0, len(order), batch_size * POOL):
        pool = order[start : start + batch_size * POOL]
        pool = pool[np.argsort(length_of[pool], kind="stable")]
        batches += [
            pool[first : first + batch_size].tolist() for first in range(0, len(pool), batch_size)
        ]
    return [batches[place] for place in random.permutation(len(batches))]


def shuffled(rows: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Return one epoch's batches of row numbers: every row once.

    Sizes differ by one at most: a last batch of a few rows would upset batch statistics.
    """
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    parts = np.array_split(order, max(1, round(rows / batch_size)))
    return [part.tolist() for part in parts if len(part)]


def shard(batches: list[list[int]], rank: int, processes: int) -> list[list[int]]:
    """Return one process's batches; all processes get equally many, so that none waits forever.

    The first batches are taken again where the number does not divide.
    """
    each = -(-len(batches) // processes)
    return [batches[turn % len(batches)] for turn in range(rank, each * processes, processes)]
