"""How much a message has in common with each entry, by their words.

Reads and writes nothing. BM25 is bm25s's (Lucene's variant); a wording and an answer are a document
each, and an entry's score is that of its best one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import bm25s
import numpy as np

from assay.applications.customer_service import terms

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    Floats = np.ndarray[Any, np.dtype[np.float64]]


class Bm25:
    """Documents by BM25."""

    def __init__(self, documents: Sequence[str]) -> None:
        """Index the documents."""
        counted = [terms.of(document) for document in documents]
        self.size = len(documents)
        self.known = {term for one in counted for term in one}
        self.index = bm25s.BM25()
        # Documents of empty words alone have no term: nothing is found among them.
        if self.known:
            self.index.index(counted, show_progress=False)

    def scores(self, text: str) -> Floats:
        """Return each document's score, float64 of shape (documents,); 0 has nothing in common."""
        asked = [term for term in terms.of(text) if term in self.known]
        if not asked:
            return np.zeros(self.size)
        return np.asarray(self.index.get_scores(asked), dtype=np.float64)


class Shares:
    """Documents by the share of terms that they have in common with a text, the rare ones more."""

    def __init__(self, documents: Sequence[str]) -> None:
        """Note which documents hold each term."""
        self.size = len(documents)
        self.holding: dict[str, list[int]] = defaultdict(list)
        for place, document in enumerate(documents):
            for term in dict.fromkeys(terms.of(document)):
                self.holding[term].append(place)
        self.weight = np.zeros(self.size)
        for places in self.holding.values():
            self.weight[places] += self._rarity(len(places))

    def overlaps(self, text: str, left_out: Collection[int] = ()) -> Floats:
        """Return Dice's coefficient of each document's terms and the text's, float64 (documents,).

        It is twice what is in both over the sum of both. What the ``left_out`` documents alone hold
        counts as never met.
        """
        shared, total = self._shared(text, left_out)
        return np.minimum(2 * shared / np.maximum(total + self.weight, 1e-9), 1.0)

    def covered(self, text: str, left_out: Collection[int] = ()) -> Floats:
        """Return the share of the text's terms that each document holds, float64 (documents,)."""
        shared, total = self._shared(text, left_out)
        return shared / max(total, 1e-9)

    def _shared(self, text: str, left_out: Collection[int]) -> tuple[Floats, float]:
        """Return the weight of the text's terms that each document holds, and of all of them."""
        shared, total = np.zeros(self.size), 0.0
        for term in dict.fromkeys(terms.of(text)):
            places = self.holding.get(term, [])
            rarity = self._rarity(len(places) - sum(one in left_out for one in places))
            total += rarity
            shared[places] += rarity
        return shared, total

    def _rarity(self, holding: int) -> float:
        """Return a term's inverse document frequency, as Lucene has it."""
        return math.log(1 + (self.size - holding + 0.5) / (holding + 0.5))
