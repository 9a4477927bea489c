"""Which entries of the knowledge file fit a message: by its words, and by its meaning.

Reads and writes nothing. Words are ranked by BM25 (bm25s, Lucene's variant), meanings by the cosine
of a released encoder's embeddings; an entry's score is that of its best wording. The two ranks are
fused by reciprocal rank, sum of 1 / (60 + rank) (Cormack, Clarke, Büttcher, "Reciprocal rank fusion
outperforms Condorcet and individual rank learning methods", SIGIR 2009).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import bm25s
import numpy as np

from assay.applications.customer_service import terms

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from assay.applications.customer_service.knowledge import Entry

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Places = np.ndarray[Any, np.dtype[np.intp]]

RANK_CONSTANT = 60  # Cormack et al. 2009


class Encoder(Protocol):
    """Texts to embeddings of length one."""

    def __call__(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return float32 of shape (texts, width)."""


@dataclass(frozen=True)
class Ranking:
    """The entries that fit a message.

    Attributes:
        order: places of the entries, the best first; those that share nothing with it are left
            out where there are no embeddings.
        features: what the confidence in the best is computed from, float64 of shape (features,):
            the overlap of its terms with the message's, how much that is ahead of the second
            best's, and the same two of the cosine where there are embeddings.

    """

    order: tuple[int, ...]
    features: Floats


class Words:
    """Wordings by their terms."""

    def __init__(self, wordings: Sequence[str]) -> None:
        """Count the terms of each wording."""
        counted = [terms.of(wording) for wording in wordings]
        self.known = {term for one in counted for term in one}
        # A wording of empty words alone has no term: it is found by its embedding, or never.
        self.index = bm25s.BM25()
        if self.known:
            self.index.index(counted, show_progress=False)
        self.holding: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(counted):
            for term in dict.fromkeys(one):
                self.holding[term].append(place)
        self.size = len(wordings)
        self.weight = np.zeros(self.size)
        for places in self.holding.values():
            self.weight[places] += self._rarity(len(places))

    def scores(self, text: str) -> Floats:
        """Return BM25's score of each wording, float64 of shape (wordings,)."""
        asked = [term for term in terms.of(text) if term in self.known]
        if not asked:
            return np.zeros(self.size)
        return np.asarray(self.index.get_scores(asked), dtype=np.float64)

    def overlaps(self, text: str, left_out: Collection[int] = ()) -> Floats:
        """Return how much each wording has in common with a text, (wordings,), from 0 to 1.

        It is Dice's coefficient of their terms, each counted by its rarity: twice what is in both,
        over the sum of both. Terms of the ``left_out`` wordings alone count as never met.
        """
        shared, total = np.zeros(self.size), 0.0
        for term in Counter(terms.of(text)):
            places = self.holding.get(term, [])
            rarity = self._rarity(len(places) - sum(one in left_out for one in places))
            total += rarity
            shared[places] += rarity
        return np.minimum(2 * shared / np.maximum(total + self.weight, 1e-9), 1.0)

    def _rarity(self, holding: int) -> float:
        """Return a term's inverse document frequency, as Lucene has it."""
        return math.log(1 + (self.size - holding + 0.5) / (holding + 0.5))


class Retrieval:
    """Finds entries, all of one language."""

    def __init__(self, entries: Sequence[Entry], encode: Encoder | None) -> None:
        """Index the entries' wordings; ``encode`` is None where words alone are to decide."""
        self.entries = tuple(entries)
        self.encode = encode
        self.wordings = [wording for entry in entries for wording in entry.wordings]
        sizes = [len(entry.wordings) for entry in entries]
        # Which entry each wording is of, and where each entry's wordings begin.
        self.owners = np.repeat(np.arange(len(entries)), sizes)
        self.starts = np.cumsum([0, *sizes[:-1]])
        self.words = Words(self.wordings)
        self.vectors = None if encode is None else encode(self.wordings)

    def find(self, text: str) -> Ranking:
        """Return the entries that fit a text."""
        vector = None if self.encode is None else self.encode([text])[0]
        return self._ranked(text, vector, ())

    def find_without(self, wording: int, left_out: Collection[int]) -> Ranking:
        """Return what would fit a wording of the file if the ``left_out`` wordings were not there.

        ``wording`` and ``left_out`` are places in :attr:`wordings`.
        """
        vector = None if self.vectors is None else self.vectors[wording]
        return self._ranked(self.wordings[wording], vector, left_out)

    def _ranked(
        self,
        text: str,
        vector: np.ndarray[Any, np.dtype[np.float32]] | None,
        left_out: Collection[int],
    ) -> Ranking:
        gone = list(left_out)
        signals = [self.words.overlaps(text, left_out)]
        fused = _reciprocal(self._best(self.words.scores(text), gone), 0.0)
        if self.vectors is not None and vector is not None:
            signals.append((self.vectors @ vector).astype(np.float64))
            fused = fused + _reciprocal(self._best(signals[1], gone), -np.inf)
        order = np.argsort(-fused, kind="stable")
        order = order[fused[order] > 0]
        best = [self._best(signal, gone) for signal in signals]
        return Ranking(tuple(order.tolist()), _features(best, order))

    def _best(self, signal: Floats, gone: list[int]) -> Floats:
        """Return each entry's best wording's signal; -inf where all wordings are gone."""
        kept = signal.copy()
        kept[gone] = -np.inf
        return np.asarray(np.maximum.reduceat(kept, self.starts))


def _reciprocal(scores: Floats, least: float) -> Floats:
    """Return 1 / (60 + rank) of each score above ``least``, and 0 of the others."""
    order = np.argsort(-scores, kind="stable")
    found = np.zeros(len(scores))
    found[order] = 1 / (RANK_CONSTANT + np.arange(1, len(scores) + 1))
    return np.where(scores > least, found, 0.0)


def _features(best: Sequence[Floats], order: Places) -> Floats:
    """Return the signals of the best entry, and how far each is ahead of all others'."""
    if not len(order):
        return np.zeros(2 * len(best))
    others = np.arange(len(best[0])) != order[0]
    found: list[float] = []
    for signal in best:
        highest = float(signal[others].max(initial=0.0))
        found += [float(signal[order[0]]), float(signal[order[0]]) - highest]
    return np.array(found)
