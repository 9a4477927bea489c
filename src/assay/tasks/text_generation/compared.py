"""A graph as it is written, and what it needs on the documents that precisions are compared on.

Reads and writes nothing but what it is given.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.bundle.scoring import Scorer
from assay.bundle.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.modalities.text.codec import Codec

    Rows = np.ndarray[Any, Any]

# Tokens of the validation split on which precisions are compared and logits held against torch's.
COMPARED_TOKENS = 40_000


@dataclass(frozen=True)
class Compared:
    """The validation split's documents that precisions are compared on.

    Attributes:
        documents: token ids, each with its end token.
        bytes: of all of them, in UTF-8.
        end: the end token, which stands before each document, too.
        context: the most tokens that the network reads at once.

    """

    documents: list[list[int]]
    bytes: int
    end: int
    context: int

    @classmethod
    def of(cls, texts: Sequence[str], coded: Codec, context: int) -> Compared:
        """Take the first documents of the split, :data:`COMPARED_TOKENS` tokens at most, or one."""
        documents: list[list[int]] = []
        tokens = size = 0
        for text in texts:
            (ids,) = coded.encode([text])
            tokens += len(ids) + 1
            if documents and tokens > COMPARED_TOKENS:
                break
            documents.append([*ids, coded.end])
            size += len(text.encode("utf-8"))
        return cls(documents, size, coded.end, context)

    @property
    def tokens(self) -> int:
        """How many tokens are predicted, end tokens among them."""
        return sum(map(len, self.documents))

    def windows(self, length: int, most: int) -> Rows:
        """Return windows of the documents, one behind the other: int64 (rows, length).

        There are ``most`` rows, and fewer where the documents have fewer tokens.
        """
        stream = np.array([token for one in self.documents for token in one], dtype=np.int64)
        rows = min(most, len(stream) // length)
        return stream[: rows * length].reshape(rows, length)


@dataclass(frozen=True)
class Exported:
    """A graph as it is written, opened and measured.

    Attributes:
        content: the bytes of the file.
        session: the graph, opened.
        bits: bits per byte of the compared documents.
        speed: tokens of them a second.

    """

    content: bytes
    session: Session
    bits: float
    speed: float

    @classmethod
    def measured(cls, content: bytes, compared: Compared, threads: int) -> Exported:
        """Open a graph and measure it."""
        session = Session(content, threads)
        begin = time.perf_counter()
        scorer = Scorer(session, compared.context, compared.end)
        nats = sum(float(own.sum()) for own in scorer.all_nats(compared.documents))
        speed = compared.tokens / (time.perf_counter() - begin)
        return cls(content, session, nats / math.log(2) / max(1, compared.bytes), speed)
