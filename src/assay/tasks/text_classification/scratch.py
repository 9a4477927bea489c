"""Networks that start from random weights: made for a tokenizer, or read from a checkpoint.

Reads a checkpoint's folder. Writes nothing. The settings say which network it is, and how wide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.modalities.text import vocabulary
from assay.tasks.text_classification import checkpoint
from assay.tasks.text_classification.ngrams import BagOfNgrams
from assay.tasks.text_classification.recurrent import Recurrent

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.text_classification.settings import TextTrain

    Scratch = BagOfNgrams | Recurrent


def fresh(settings: TextTrain, tokenizer: str, classes: int) -> Scratch:
    """Return a network of random weights for the pieces of ``tokenizer``, a JSON."""
    pieces = vocabulary.size(tokenizer)
    if settings.network == "bow":
        return BagOfNgrams(pieces, settings.buckets, settings.width, classes, settings.dropout)
    return Recurrent(pieces, settings.width, classes, settings.dropout)


def trained(folder: Path, settings: TextTrain, classes: int) -> Scratch:
    """Return the network of a checkpoint, in evaluation."""
    model = fresh(settings, checkpoint.tokenizer(folder), classes)
    model.load_state_dict(checkpoint.weights(folder))
    return model.eval()
