"""A suffix array: where every suffix of a sequence stands in their sorted order.

Reads and writes nothing. Prefix doubling (Manber and Myers 1993, "Suffix arrays: a new method for
on-line string searches"), of which each round sorts only what earlier ones left tied (Larsson and
Sadakane 2007, "Faster suffix sorting"): some n log n steps a round, and a round for every doubling
of the longest repeated part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

# Two numbers below this make one key of 64 bits.
HALF = 2**31


def suffix_order(codes: Ints, depth: int) -> Ints:
    """Return the positions of all suffixes, sorted by at least the first ``depth`` codes of each.

    A suffix that ends earlier comes before those that it begins; of equals the one that stands
    earlier comes first.

    Args:
        codes: 0 or more, and fewer distinct ones than 2**31, shape (codes,).
        depth: how many codes decide.

    Returns:
        Shape (codes,).

    """
    keys, length = packed(codes, depth)
    ranks = np.zeros_like(codes)
    tied = np.arange(len(codes))
    while True:
        tied = _ranked(ranks, tied, keys)
        if length >= depth or not len(tied):
            return np.argsort(ranks, kind="stable")
        # A suffix is its first codes, and the suffix that begins after them.
        later = tied + length
        following = np.where(later < len(codes), ranks[np.minimum(later, len(codes) - 1)] + 1, 0)
        keys = ranks[tied] * (len(codes) + 1) + following
        length *= 2


def packed(codes: Ints, depth: int) -> tuple[Ints, int]:
    """Return for each position the codes from there on in one key, and how many these are.

    Keys have the order of what they hold, shape (codes,). That is a power of two of codes: the
    first that reaches ``depth``, or the last of which 64 bits hold every combination.
    """
    keys, length = codes + 1, 1
    limit = int(keys.max(initial=0)) + 1
    while length < depth and limit < HALF:
        following = np.zeros_like(keys)
        following[:-length] = keys[length:]
        keys = keys * limit + following
        limit, length = limit * limit, length * 2
    return keys, length


def _ranked(ranks: Ints, tied: Ints, keys: Ints) -> Ints:
    """Refine in place the ranks of tied positions by their keys; return those that stay tied.

    Positions of one rank have it as the first of their places in the order. Keys never contradict
    ranks.
    """
    order = np.argsort(keys, kind="stable")
    tied, keys = tied[order], keys[order]
    within = _firsts(keys) - _firsts(ranks[tied])
    ranks[tied] += within
    equal = keys[1:] == keys[:-1]
    alike = np.zeros(len(keys), dtype=np.bool_)
    alike[1:] |= equal
    alike[:-1] |= equal
    return tied[alike]


def _firsts(values: Ints) -> Ints:
    """Return for each of sorted values the place of the first that equals it."""
    places = np.arange(len(values))
    places[1:][values[1:] == values[:-1]] = 0
    return np.maximum.accumulate(places)
