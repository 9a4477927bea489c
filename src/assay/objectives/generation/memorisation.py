"""What generated or held-out texts have verbatim in common with the train texts.

Reads and writes nothing. Units are characters (code points), in every script; nothing is
normalised, and no match crosses the border of two texts. All suffixes of both sides are sorted
together; what agrees longest with a suffix of a sample then stands next to it, before or behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.objectives.generation.suffixes import packed, suffix_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.generation.suffixes import Ints

# Codes that no character has: what closes a train text and a sample matches nothing.
END_OF_TRAIN, END_OF_SAMPLE = 0x110000, 0x110001


@dataclass(frozen=True, eq=False)
class Overlap:
    """How many n-grams of texts stand in the train texts, too.

    Attributes:
        found: of each text, shape (texts,). One that a text repeats is counted each time.
        total: n-grams of each text, 0 where it is shorter, shape (texts,).

    """

    found: Ints
    total: Ints

    @property
    def share(self) -> float | None:
        """That of all texts together, 0 to 1; None where none has an n-gram."""
        total = int(self.total.sum())
        return int(self.found.sum()) / total if total else None


def longest_overlaps(samples: Sequence[str], train: Sequence[str]) -> Ints:
    """Return the length of each sample's longest substring that stands in a train text.

    Beside it, the same of held-out texts says what is usual (stock phrases, names, headings).

    Returns:
        In characters, shape (samples,); 0 where a sample is empty, or no character of it occurs.

    """
    if not samples:
        return np.zeros(0, dtype=np.int64)
    lengths = _matches(samples, train, max(map(len, samples)))
    return np.maximum.reduceat(lengths, _starts(samples))


def shared_ngrams(texts: Sequence[str], train: Sequence[str], length: int) -> Overlap:
    """Count the n-grams of texts, of ``length`` characters, that stand in a train text.

    Raises:
        ValueError: a length below 1.

    """
    if length < 1:
        raise ValueError(f"n-grams of {length} characters; expected 1 or more")
    total = np.array([max(0, len(text) - length + 1) for text in texts], dtype=np.int64)
    if not texts:
        return Overlap(total, total)
    found = _matches(texts, train, length) >= length
    return Overlap(np.add.reduceat(found.astype(np.int64), _starts(texts)), total)


def _matches(samples: Sequence[str], train: Sequence[str], depth: int) -> Ints:
    """Return how many characters from each position on stand in a train text, up to ``depth``.

    Shape (characters of all samples + samples,): each sample is followed by its end, which has 0.
    """
    known, own = _codes(train, END_OF_TRAIN), _codes(samples, END_OF_SAMPLE)
    # Few distinct small codes make short keys.
    codes = np.unique(np.concatenate((known, own)), return_inverse=True)[1]
    order = suffix_order(codes, depth)
    from_train = order < len(known)
    places = np.arange(len(order))
    before = np.maximum.accumulate(np.where(from_train, places, -1))
    behind = np.minimum.accumulate(np.where(from_train, places, len(order))[::-1])[::-1]
    lengths = np.zeros(len(own), dtype=np.int64)
    for neighbours in (before, behind):
        there = ~from_train & (neighbours >= 0) & (neighbours < len(order))
        positions, others = order[there], order[neighbours[there]]
        agreed = _agreed(codes, positions, others, depth)
        positions -= len(known)
        lengths[positions] = np.maximum(lengths[positions], agreed)
    return lengths


def _agreed(codes: Ints, left: Ints, right: Ints, depth: int) -> Ints:
    """Return how many codes from two positions on are equal, up to ``depth``, for each pair.

    A sample's end, which no train text holds, stops each pair before the codes end.
    """
    lengths = np.zeros(len(left), dtype=np.int64)
    keys, width = packed(codes, depth)
    # Whole keys first, then the codes of the key in which two differ.
    for values, step in ((keys, width), (codes, 1)):
        equal = np.flatnonzero(lengths < depth)
        while len(equal):
            first, second = left[equal] + lengths[equal], right[equal] + lengths[equal]
            equal = equal[values[first] == values[second]]
            lengths[equal] += step
            equal = equal[lengths[equal] < depth]
    return np.minimum(lengths, depth)


def _codes(texts: Sequence[str], end: int) -> Ints:
    """Return the code points of all texts, ``end`` behind each."""
    # A surrogate without its pair is no text, but a Python string can hold it.
    raw = "".join(texts).encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(raw, dtype="<u4").astype(np.int64)
    return np.insert(points, np.cumsum([len(text) for text in texts], dtype=np.int64), end)


def _starts(texts: Sequence[str]) -> Ints:
    """Return where each text begins among the codes of all."""
    sizes = np.array([len(text) + 1 for text in texts], dtype=np.int64)
    return np.cumsum(sizes) - sizes
