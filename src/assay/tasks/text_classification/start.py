"""Where a training starts: the pretrained encoder with the vocabulary and layers that are kept.

Reads the pretrained checkpoint's folder. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.modalities.text import pretrained, vocabulary
from assay.progress import say
from assay.tasks.text_classification import architectures, checkpoint, network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.tasks.text_classification.network import TextClassifier
    from assay.tasks.text_classification.settings import TextClassificationModel


@dataclass(frozen=True)
class Start:
    """The pretrained checkpoint as one model takes it.

    Attributes:
        folder: of the checkpoint.
        tokenizer: the JSON of the model's own tokenizer, whole or trimmed.

    """

    folder: Path
    tokenizer: str

    @classmethod
    def chosen(cls, settings: TextClassificationModel, texts: Sequence[str]) -> Start:
        """Find the checkpoint; trim its vocabulary to the training texts where that is set.

        Raises:
            SettingsError: it cannot be found, or its vocabulary can't be trimmed.

        """
        folder = pretrained.locate(settings.train.checkpoint)
        tokenizer = checkpoint.tokenizer(folder)
        if settings.train.trim_vocabulary:
            whole, tokenizer = tokenizer, vocabulary.trimmed(tokenizer, texts)
            kept, pieces = vocabulary.size(tokenizer), vocabulary.size(whole)
            say(f"train: {kept:,} of the tokenizer's {pieces:,} pieces are kept")
        return cls(folder, tokenizer)

    @classmethod
    def of_trained(cls, settings: TextClassificationModel, trained: Path) -> Start:
        """Return what the model in the folder ``trained`` started from."""
        own = checkpoint.tokenizer(trained)
        return cls(pretrained.locate(settings.train.checkpoint), own)

    def network(self, settings: TextClassificationModel) -> TextClassifier:
        """Return the encoder with a fresh head.

        Raises:
            SettingsError: it is of an unknown architecture, or has fewer layers than asked.

        """
        chosen = settings.train
        model = network.pretrained(self.folder, settings.labels, chosen.pooling, chosen.dropout)
        if chosen.trim_vocabulary:
            whole = checkpoint.tokenizer(self.folder)
            architectures.keep_rows(model.encoder, vocabulary.rows(whole, self.tokenizer))
        if chosen.layers is not None:
            architectures.keep_layers(model.encoder, chosen.layers, chosen.keep_layers)
        return model
