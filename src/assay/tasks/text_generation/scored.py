"""What documents cost a model, an unknown character included.

Reads and writes nothing. A tokenizer of characters has one token for all that it does not know,
which alone would make rare characters cheap. So each such token also costs the natural logarithm of
the number of Unicode's code points, as if the character were then drawn from all of them: models of
different tokenizers stay comparable in bits per byte.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from assay.objectives.generation.bits import Losses
from assay.objectives.generation.figures import Scores
from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.bundle.language_model import Tokenizer
    from assay.bundle.scoring import Scored

    Floats = np.ndarray[Any, np.dtype[np.float64]]

CODE_POINTS = 0x110000
SURCHARGE = math.log(CODE_POINTS)


class Scoring(Protocol):
    """A bundle, or another graph with its tokenizer."""

    @property
    def tokenizer(self) -> Tokenizer:
        """What turns texts into token ids."""

    def scored(self, texts: Sequence[str]) -> Iterator[Scored]:
        """Yield what each document's tokens and its end cost, in the documents' order."""


def scores(model: Scoring, texts: Sequence[str], what: str) -> Scores:
    """Return what a model makes of documents; ``what`` is said while it runs."""
    nats, right = [], []
    with Progress(what, len(texts)) as bar:
        for found in model.scored(texts):
            nats.append(found.nats)
            right.append(int(found.likeliest.sum()))
            bar.advance()
    paid = with_surcharge(nats, texts, model.tokenizer)
    return Scores(Losses.summed(paid, texts), np.array(right, dtype=np.int64))


def with_surcharge(
    nats: Sequence[Floats], texts: Sequence[str], tokenizer: Tokenizer
) -> list[Floats]:
    """Return the nats of each document's tokens and its end, unknown tokens paid for in full."""
    if tokenizer.unknown < 0:
        return list(nats)
    ids = tokenizer.encode(texts)
    paid = []
    for own, tokens in zip(nats, ids, strict=True):
        unknown = np.array([*(token == tokenizer.unknown for token in tokens), False])
        paid.append(own + SURCHARGE * unknown)
    return paid


def surcharge_note(texts: Sequence[str], tokenizer: Tokenizer) -> str:
    """Return what is said of unknown tokens in documents; empty where there are none."""
    if tokenizer.unknown < 0:
        return ""
    count = sum(ids.count(tokenizer.unknown) for ids in tokenizer.encode(texts))
    if not count:
        return ""
    return (
        f"{count:,} characters of the test split are unknown: each costs {SURCHARGE:.2f} nats "
        "beside the unknown token, for the model and for the baseline alike.\n\n"
    )
