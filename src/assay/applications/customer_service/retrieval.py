"""Which entries of the knowledge file fit a message: by its words, and by its meaning.

Reads and writes nothing. Two ranks, BM25's of the words and that of a released encoder's
embeddings, are fused by reciprocal rank, the sum of 1 / (60 + rank) (Cormack, Clarke, Büttcher,
"Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009).
Beside the fused score, which is a rank and no measure of fit, a ranking holds the signals that
:mod:`~assay.applications.customer_service.confidence` weighs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from assay.applications.customer_service.words import Bm25, Shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.knowledge import Entry

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Places = np.ndarray[Any, np.dtype[np.intp]]

RANK_CONSTANT = 60  # Cormack et al. 2009
# Places among the signals.
OVERLAP, COVERED, NEAR = 0, 1, 2


class Encoder(Protocol):
    """Texts to embeddings of length one."""

    def __call__(self, texts: Sequence[str], /) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return float32 of shape (texts, width)."""


@dataclass(frozen=True)
class Ranking:
    """How the entries fit a message, each by its place.

    Attributes:
        fused: float64 of shape (entries,), by reciprocal rank; 0: nothing in common, or left out.
        signals: float64 of shape (entries, signals), each from 0 to 1 or -1 to 1: how much the best
            wording's terms overlap with the message's; the share of the message's terms that the
            answer holds; and, where there is an encoder, the cosine with the mean of the wordings.

    """

    fused: Floats
    signals: Floats


class Retrieval:
    """Ranks entries, all of one language."""

    def __init__(self, entries: Sequence[Entry], encode: Encoder | None) -> None:
        """Index the entries; ``encode`` is None where words alone are to decide."""
        self.entries = tuple(entries)
        self.encode = encode
        self.wordings = [wording for entry in entries for wording in entry.wordings]
        sizes = [len(entry.wordings) for entry in entries]
        # Which entry each wording is of, and where each entry's wordings begin.
        self.owners: Places = np.repeat(np.arange(len(entries)), sizes)
        self.starts = np.cumsum([0, *sizes[:-1]])
        answers = [entry.answer for entry in entries]
        self.bm25 = Bm25([*self.wordings, *answers])
        self.questions, self.answers = Shares(self.wordings), Shares(answers)
        self.meanings = None if encode is None else Meanings(encode(self.wordings), self.starts)

    def find(self, text: str) -> Ranking:
        """Return how the entries fit a text."""
        vector = None if self.encode is None else self.encode([text])[0]
        return self._ranked(text, vector, [])

    def find_without(self, wording: int) -> Ranking:
        """Return how the entries would fit a wording of the file if that stood not in the file.

        ``wording`` is a place in :attr:`wordings`, of an entry that has others.
        """
        vector = None if self.meanings is None else self.meanings.vectors[wording]
        return self._ranked(self.wordings[wording], vector, [wording])

    def _ranked(
        self, text: str, vector: np.ndarray[Any, np.dtype[np.float32]] | None, gone: list[int]
    ) -> Ranking:
        signals = [
            self._best(self.questions.overlaps(text, gone), gone),
            self.answers.covered(text),
        ]
        scores = self.bm25.scores(text)
        asked, answering = np.split(scores, [len(self.wordings)])
        fused = reciprocal(np.maximum(self._best(asked, gone), answering))
        if self.meanings is not None and vector is not None:
            near = self.meanings.near(vector, gone)
            fused = fused + reciprocal(near + 1)
            signals.append(near)
        return Ranking(fused, np.stack(signals, axis=1))

    def _best(self, scores: Floats, gone: list[int]) -> Floats:
        """Return the score of each entry's best wording, those that are ``gone`` left out."""
        kept = scores.copy()
        kept[gone] = 0.0
        return np.asarray(np.maximum.reduceat(kept, self.starts))


class Meanings:
    """Entries by the mean of their wordings' embeddings.

    The mean of all wordings is taken off each: embeddings of one encoder lie in a narrow cone (Mu,
    Viswanath, "All-but-the-top", ICLR 2018).
    """

    def __init__(self, vectors: np.ndarray[Any, np.dtype[np.float32]], starts: Places) -> None:
        """Take the wordings' embeddings, float32 (wordings, width), and where entries begin."""
        self.vectors, self.starts = vectors, starts
        self.mean = vectors.mean(axis=0)
        self.centred = _of_length_one(vectors - self.mean)
        self.sums = np.add.reduceat(self.centred, starts)

    def near(self, vector: np.ndarray[Any, np.dtype[np.float32]], gone: list[int]) -> Floats:
        """Return the cosine of a text with each entry, without the wordings that are ``gone``."""
        sums = self.sums
        if gone:
            sums = sums.copy()
            owners = np.searchsorted(self.starts, gone, side="right") - 1
            np.subtract.at(sums, owners, self.centred[gone])
        asked = _of_length_one((vector - self.mean)[None])[0]
        return np.asarray(_of_length_one(sums) @ asked, dtype=np.float64)


def reciprocal(scores: Floats) -> Floats:
    """Return 1 / (60 + rank) of each score above 0, and 0 of the others; the first of equals."""
    order = np.argsort(-scores, kind="stable")
    found = np.zeros(len(scores))
    found[order] = 1 / (RANK_CONSTANT + np.arange(1, len(scores) + 1))
    return np.where(scores > 0, found, 0.0)


def _of_length_one(
    vectors: np.ndarray[Any, np.dtype[np.float32]],
) -> np.ndarray[Any, np.dtype[np.float32]]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
