"""What documents cost a model, an unknown character included.

Reads and writes nothing. A tokenizer of characters has one token for all that it does not know,
which alone would make rare characters cheap. So each such token also costs the natural logarithm of
the number of Unicode's code points, as if the character were then drawn from all of them: models of
different tokenizers stay comparable in bits per byte.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.objectives.generation.bits import Losses
from assay.objectives.generation.figures import Scores
from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.scoring import Scorer
    from assay.tasks.text_generation.documents import Documents

    Floats = np.ndarray[Any, np.dtype[np.float64]]

CODE_POINTS = 0x110000
SURCHARGE = math.log(CODE_POINTS)


def scores(scorer: Scorer, documents: Documents, what: str) -> Scores:
    """Return what a model makes of documents; ``what`` is said while it runs."""
    nats, right = [], []
    with Progress(what, len(documents.ids)) as bar:
        for found in scorer.all_scored(documents.ended):
            nats.append(found.nats)
            right.append(int(found.likeliest.sum()))
            bar.advance()
    return Scores(losses(nats, documents), np.array(right, dtype=np.int64))


def losses(nats: Sequence[Floats], documents: Documents) -> Losses:
    """Return what documents cost, unknown tokens paid for in full.

    Args:
        nats: of each document's tokens and its end, shape (tokens + 1,) each.
        documents: which these are.

    """
    paid = [
        own + SURCHARGE * (np.array(ids) == documents.unknown)
        for own, ids in zip(nats, documents.ended, strict=True)
    ]
    return Losses.summed(paid, documents.texts)


def surcharge_note(documents: Documents) -> str:
    """Return what is said of unknown tokens in documents; empty where there are none."""
    count = sum(list(ids).count(documents.unknown) for ids in documents.ids)
    if not count:
        return ""
    return (
        f"{count:,} characters of the test split are unknown: each costs {SURCHARGE:.2f} nats "
        "beside the unknown token, for the model and for the baseline alike.\n\n"
    )
