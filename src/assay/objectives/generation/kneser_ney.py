"""The n-gram baseline of a language model: interpolated modified Kneser-Ney smoothing.

Reads and writes nothing. For a context ``h`` of ``k - 1`` tokens and a token ``w``,
``p_k(w | h) = (c(hw) - D(c(hw))) / c(h.) + left(h) p_{k-1}(w | h without its first token)``, where
``c`` are the counts of :mod:`ngrams`, ``D`` the discounts of their order, ``c(h.)`` the sum over
all tokens, and ``left(h)`` the discounts of that sum as a share of it; an unseen context leaves all
to ``p_{k-1}``, and ``p_0`` is uniform over the vocabulary (Chen and Goodman 1999, "An empirical
study of smoothing techniques for language modeling", section 3). So each context's probabilities
sum to one, and none is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.objectives.generation.discounts import discounts
from assay.objectives.generation.ngrams import UNSEEN, counted, delimited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.generation.discounts import Floats, Ints
    from assay.objectives.generation.ngrams import Document, Grams


@dataclass(frozen=True, eq=False)
class Level:
    """One order of the model. The last share and rest are of what is unseen, number -1.

    Attributes:
        keys: of the distinct n-grams, as in :class:`ngrams.Grams`, shape (grams,).
        shares: each one's discounted count over its context's sum, shape (grams + 1,).
        rests: what each context leaves to the order below, shape (contexts + 1,).

    """

    keys: Ints
    shares: Floats
    rests: Floats

    @classmethod
    def smoothed(cls, grams: Grams, size: int) -> Level:
        """Discount the counts of one order of a vocabulary of ``size`` ids."""
        contexts = grams.keys // size
        lost = discounts(grams.counts)
        sums = np.bincount(contexts, grams.counts, minlength=grams.contexts)
        left = np.bincount(contexts, lost, minlength=grams.contexts)
        rests = np.divide(left, sums, out=np.ones(grams.contexts), where=sums > 0)
        shares = (grams.counts - lost) / sums[contexts]
        return cls(grams.keys, np.append(shares, 0.0), np.append(rests, 1.0))

    def find(self, keys: Ints) -> Ints:
        """Return the number of the n-gram of each key, shape as ``keys``; -1 where it is unseen."""
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places, UNSEEN)


@dataclass(frozen=True, eq=False)
class KneserNey:
    """An n-gram model of documents of token ids.

    Attributes:
        size: how many ids the vocabulary has.
        end: the id that closes every document.
        levels: of order 1, 2, and so on.

    """

    size: int
    end: int
    levels: tuple[Level, ...]

    @classmethod
    def fitted(cls, documents: Sequence[Document], size: int, order: int, end: int) -> KneserNey:
        """Fit a model to documents.

        Args:
            documents: token ids of each, 0 to ``size - 1``, without ``end``.
            size: how many ids the vocabulary has.
            order: of the longest n-grams, 1 or more; a token is predicted from the ``order - 1``
                before it, the start of the document being one of them.
            end: the id that closes every document.

        Raises:
            ValueError: no document, an order below 1, or an id outside of the vocabulary.

        """
        if not documents:
            raise ValueError("no document; expected one at least to count n-grams in")
        if order < 1:
            raise ValueError(f"n-grams of order {order}; expected 1 or more")
        if not 0 <= end < size:
            raise ValueError(f"the end of a document is {end}; expected an id of 0 to {size - 1}")
        tables = counted(documents, size, order, end)
        return cls(size, end, tuple(Level.smoothed(grams, size) for grams in tables))

    def nats(self, document: Document) -> Floats:
        """Return the negative log probability of every token and of the document's end.

        Args:
            document: token ids, 0 to ``size - 1``, shape (tokens,).

        Returns:
            In nats, finite, shape (tokens + 1,). The sum is that of the document.

        Raises:
            ValueError: an id outside of the vocabulary.

        """
        tokens = delimited(document, self.size, self.end)
        predicted = tokens[1:]
        probabilities = np.full(len(predicted), 1 / self.size)
        # The context of each token: first the empty one, then that of one token more each time.
        contexts, start = np.zeros_like(predicted), self.size
        for level in self.levels:
            numbers = level.find(contexts * self.size + predicted)
            probabilities = level.shares[numbers] + level.rests[contexts] * probabilities
            contexts = np.concatenate(([start], numbers[:-1]))
            # Nothing stands before the start of a document.
            start = UNSEEN
        nats: Floats = -np.log(probabilities)
        return nats
