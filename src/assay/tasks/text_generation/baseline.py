"""The simple model beside a language model: n-grams of the same tokens, Kneser-Ney smoothed.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.objectives.generation.bits import Losses
from assay.objectives.generation.figures import Scores
from assay.objectives.generation.kneser_ney import KneserNey
from assay.tasks.text_generation.scored import with_surcharge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.language_model import Tokenizer


def name(order: int) -> str:
    """Return what the baseline is, in a few words."""
    return f"interpolated Kneser-Ney, {order}-grams"


def scores(train: Sequence[str], test: Sequence[str], tokenizer: Tokenizer, order: int) -> Scores:
    """Fit n-grams to the train split's documents, and score the test split's."""
    model = KneserNey.fitted(tokenizer.encode(train), tokenizer.size, order, tokenizer.end)
    nats = [model.nats(ids) for ids in tokenizer.encode(test)]
    return Scores(Losses.summed(with_surcharge(nats, test, tokenizer), test))
