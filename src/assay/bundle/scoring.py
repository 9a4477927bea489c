"""What the tokens of documents cost under a language model, for bits per byte and perplexity.

Reads and writes nothing. A document that is longer than the context is read in windows of the
context's length that advance by half of it (the stride). Each window counts the tokens that no
window before it did. So each token is counted once, and from the second window on it is given at
least half a context of the tokens before it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.bundle.decoding import IDS, KEPT, MASK, empty, require_known, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.bundle.session import Feeds, Session

    Array = np.ndarray[Any, Any]
    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Booleans = np.ndarray[Any, np.dtype[np.bool_]]


class Scorer:
    """A graph that tells how probable documents are."""

    def __init__(self, session: Session, context: int, start: int | None = None) -> None:
        """Take an opened graph.

        Args:
            session: of a graph with its cache as input and output. Its threads read windows side by
                side.
            context: the most tokens that it reads at once.
            start: the token id that every text began with in training.

        Raises:
            BundleRefused: the graph is none that generates.

        """
        self._session, self._context = session, context
        self._start = [] if start is None else [start]
        self._vocabulary = vocabulary(session)
        self._empty = empty(session, 1)
        self.stride = max(1, context // 2)

    def nats(self, ids: Sequence[int]) -> Floats:
        """Return -ln p of each token given those before it, float64 (tokens,).

        Where no start token is known, the first one costs what it would if all were equally
        probable: a document is paid for as a whole.

        Raises:
            UsageError: a token id that the graph does not know.

        """
        return next(self.all_nats([ids]))

    def all_nats(self, documents: Iterable[Sequence[int]]) -> Iterator[Floats]:
        """Yield :meth:`nats` of each document, in their order.

        Raises:
            UsageError: as :meth:`nats`.

        """
        return (scored.nats for scored in self.all_scored(documents))

    def all_scored(self, documents: Iterable[Sequence[int]]) -> Iterator[Scored]:
        """Yield what is known of each document's tokens, in their order.

        Raises:
            UsageError: as :meth:`nats`.

        """
        begun: deque[_Document] = deque()
        for window, logits in self._session.run_all(self._windows(documents, begun)):
            window.count(logits[0])
            while begun and not begun[0].left:
                yield begun.popleft().scored
        yield from (document.scored for document in begun)

    def _windows(
        self, documents: Iterable[Sequence[int]], begun: deque[_Document]
    ) -> Iterator[tuple[_Window, Feeds]]:
        """Yield the windows of all documents with their feeds; note each document in ``begun``."""
        for ids in documents:
            require_known(ids, self._vocabulary)
            known = np.array([*self._start, *ids], dtype=np.int64)
            # The last token is followed by none.
            ends = _ends(len(known) - 1, self._context, self.stride)
            nats = np.full(len(ids), np.log(self._vocabulary))
            scored = Scored(nats, np.zeros(len(ids), dtype=np.bool_))
            document = _Document(known, scored, len(ends))
            begun.append(document)
            for before, end in zip([0, *ends], ends, strict=False):
                first = max(0, end - self._context)
                yield _Window(document, before, end), self._feeds(known[first:end], end - before)

    def _feeds(self, ids: Array, kept: int) -> Feeds:
        """Return feeds of one row, of which the logits of the last ``kept`` places are wanted."""
        row = ids.reshape(1, -1)
        places = np.arange(len(ids) - kept, len(ids), dtype=np.int64)
        return {IDS: row, MASK: np.ones_like(row), KEPT: places, **self._empty}


@dataclass(frozen=True)
class Scored:
    """What a model makes of a document's tokens.

    Attributes:
        nats: -ln p of each token given those before it, float64 (tokens,).
        likeliest: whether it is the one that the model held most probable, bool (tokens,).

    """

    nats: Floats
    likeliest: Booleans


@dataclass
class _Document:
    """A document of which some windows were counted; ``left`` were not."""

    known: Array
    scored: Scored
    left: int


@dataclass(frozen=True)
class _Window:
    """The part of a document whose tokens behind the places from ``first`` to ``end`` it counts."""

    document: _Document
    first: int
    end: int

    def count(self, logits: Array) -> None:
        """Write down what the tokens cost, by float32 logits (tokens, vocabulary)."""
        known, scored = self.document.known, self.document.scored
        targets = known[self.first + 1 : self.end + 1]
        # Without a start token, the first of the known tokens is the document's own.
        shift = len(scored.nats) - len(known) + 1
        places = slice(self.first + shift, self.end + shift)
        scored.nats[places] = _costs(logits, targets)
        scored.likeliest[places] = logits.argmax(axis=-1) == targets
        self.document.left -= 1


def _ends(tokens: int, context: int, stride: int) -> list[int]:
    """Return where the windows over so many tokens end."""
    if tokens < 1:
        return []
    return [*range(min(context, tokens), tokens, stride), tokens]


def _costs(logits: Array, targets: Array) -> Floats:
    """Return -ln p of targets (tokens,) under float32 logits (tokens, vocabulary)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    sums = np.exp(shifted).sum(axis=-1, dtype=np.float64)
    return np.asarray(np.log(sums) - shifted[np.arange(len(targets)), targets])
