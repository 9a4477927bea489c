"""Networks of random weights for tests: small, and as both kinds of them come."""

from __future__ import annotations

from typing import Any

import torch

from assay.modalities.text import words
from assay.tasks.text_classification import scratch
from assay.tasks.text_classification.settings import TextTrain
from tests import made

KINDS = ("lstm", "bow")
CLASSES = 3


def chosen(network: str, **changes: Any) -> TextTrain:
    """Return settings of a narrow network."""
    small: dict[str, Any] = {"network": network, "width": 8}
    if network == "bow":
        small["buckets"] = 97
    return TextTrain(**small, **changes)


def tokenizer() -> str:
    """Return the tokenizer of some made texts."""
    return words.tokenizer(made.texts(60)["text"], 1000)


def network(kind: str) -> scratch.Scratch:
    """Return a network that is not trained, with weights that are not small."""
    torch.manual_seed(5)
    model = scratch.fresh(chosen(kind), tokenizer(), CLASSES)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    return model.eval()
