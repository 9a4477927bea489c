"""The simple model beside a language model: n-grams of the same tokens, Kneser-Ney smoothed.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.objectives.generation.kneser_ney import KneserNey
from assay.tasks.text_generation.scored import losses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.language_model import Tokenizer
    from assay.objectives.generation.bits import Losses
    from assay.tasks.text_generation.documents import Documents


def name(order: int) -> str:
    """Return what the baseline is, in a few words."""
    return f"interpolated Kneser-Ney, {order}-grams"


def scores(train: Sequence[str], test: Documents, tokenizer: Tokenizer, order: int) -> Losses:
    """Fit n-grams to the train split's documents; return what the test split's cost."""
    model = KneserNey.fitted(tokenizer.encode(train), tokenizer.size, order, tokenizer.end)
    return losses([model.nats(ids) for ids in test.ids], test)
