"""Which network of texts a checkpoint holds.

Reads a checkpoint's folder. Writes nothing. All networks are modules from token ids and mask, int64
(batch, length), to logits (batch, classes). Each knows how many token ids there are
(``vocabulary``), how many tokens it reads at most (``longest``), what its head reads (``pooled``,
(batch, width)), and the head (``head``, whose last layer is ``classifier``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.tasks.text_classification import network, scratch

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.text_classification.settings import TextClassificationModel

    TextNetwork = network.TextClassifier | scratch.Scratch


def trained(folder: Path, settings: TextClassificationModel) -> TextNetwork:
    """Return the network of a checkpoint, ready to be exported or asked."""
    if settings.train.network == "bert":
        return network.trained(folder, settings.labels, settings.train.pooling)
    return scratch.trained(folder, settings.train, len(settings.labels))
