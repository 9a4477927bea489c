"""Distinct n-grams of documents of token ids, with the counts that Kneser-Ney smoothing needs.

Reads and writes nothing. An n-gram is numbered by its place in a sorted table; its key there is
made of the number of its first n - 1 tokens and its last token. So a key fits 64 bits whatever the
order and the vocabulary, and no table holds tuples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Document = Sequence[int] | Ints

# The number of an n-gram that there is none of.
UNSEEN = -1


@dataclass(frozen=True, eq=False)
class Grams:
    """The distinct n-grams of one order.

    Attributes:
        keys: ``context * size + token``, ascending, shape (grams,): the number of the n-gram's
            first n - 1 tokens among those of that order, and its last token. A context of one
            token has that token's number, the start of a document the number ``size``.
        counts: shape (grams,).
        contexts: how many numbers a context can have.

    """

    keys: Ints
    counts: Ints
    contexts: int


def delimited(document: Document, size: int, end: int) -> Ints:
    """Return the document between its start, which is ``size``, and ``end``.

    Args:
        document: token ids, 0 to ``size - 1``, shape (tokens,).
        size: how many ids the vocabulary has.
        end: the id that closes every document.

    Returns:
        Shape (tokens + 2,).

    Raises:
        ValueError: an id outside of the vocabulary.

    """
    ids = np.asarray(document, dtype=np.int64)
    if len(ids) and not 0 <= ids.min() <= ids.max() < size:
        raise ValueError(
            f"token ids from {ids.min()} to {ids.max()}; expected 0 to {size - 1}, the vocabulary's"
        )
    return np.concatenate(([size], ids, [end]))


def counted(documents: Sequence[Document], size: int, order: int, end: int) -> list[Grams]:
    """Count the n-grams of each order from 1 to ``order``.

    Those of the highest order have the number of times that they stand in the documents. A shorter
    one has the number of distinct tokens that it follows, the start of a document among them; one
    that begins a document follows nothing, and keeps the number of times that it stands there (as
    in KenLM: Heafield et al. 2013, "Scalable Modified Kneser-Ney Language Model Estimation",
    section 3.2). No n-gram crosses the border of two documents, none ends in a start.

    Returns:
        One table an order, ascending; fewer than ``order`` where no document is as long. That of
        order 1 holds every id, a count of 0 for those that never stand.

    Raises:
        ValueError: an id outside of the vocabulary.

    """
    tokens = np.concatenate([delimited(document, size, end) for document in documents])
    tables = [Grams(np.arange(size), np.bincount(tokens, minlength=size)[:size], contexts=1)]
    # Of each position the number of the n-gram that ends there: first of a single token.
    numbers, contexts = tokens, size + 1
    for _ in range(1, order):
        here = 1 + np.flatnonzero((numbers[:-1] != UNSEEN) & (tokens[1:] != size))
        if not len(here):
            break
        keys, first, places, counts = np.unique(
            numbers[here - 1] * size + tokens[here],
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        # Each distinct longer n-gram is one distinct token before the shorter one.
        shorter = tables[-1]
        followed = np.bincount(numbers[here[first]], minlength=len(shorter.keys))
        kept = np.where(followed > 0, followed, shorter.counts)
        tables[-1] = Grams(shorter.keys, kept, shorter.contexts)
        tables.append(Grams(keys, counts, contexts))
        numbers, contexts = np.full(len(tokens), UNSEEN), len(keys)
        numbers[here] = places
    return tables
