"""Networks that start from random weights: made for a tokenizer, saved, read again.

Reads and writes a checkpoint's folder: ``model.safetensors`` and ``tokenizer.json``. The settings
say which network it is, and how wide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors.torch import load_file, save_file

from assay.modalities.text import words
from assay.modalities.text.encoding import TOKENIZER
from assay.tasks.text_classification.ngrams import BagOfNgrams
from assay.tasks.text_classification.recurrent import Recurrent

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.text_classification.settings import TextTrain

    Scratch = BagOfNgrams | Recurrent

WEIGHTS = "model.safetensors"


def fresh(settings: TextTrain, tokenizer: str, classes: int) -> Scratch:
    """Return a network of random weights for the pieces of ``tokenizer``, a JSON."""
    pieces = words.size(tokenizer)
    if settings.network == "bow":
        return BagOfNgrams(pieces, settings.buckets, settings.width, classes, settings.dropout)
    return Recurrent(pieces, settings.width, classes, settings.dropout)


def save(model: Scratch, tokenizer: str, target: Path) -> None:
    """Write weights and tokenizer; equal weights, equal bytes."""
    target.mkdir(parents=True)
    weights = {name: value.contiguous() for name, value in sorted(model.state_dict().items())}
    save_file(weights, target / WEIGHTS, metadata={"format": "pt"})
    (target / TOKENIZER).write_text(tokenizer, encoding="utf-8")


def trained(folder: Path, settings: TextTrain, classes: int) -> Scratch:
    """Return what :func:`save` wrote, in evaluation."""
    model = fresh(settings, (folder / TOKENIZER).read_text(encoding="utf-8"), classes)
    model.load_state_dict(load_file(folder / WEIGHTS))
    return model.eval()
