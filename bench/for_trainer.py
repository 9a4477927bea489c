"""What Hugging Face's ``Trainer`` and the tutorial's loop are given: rows and a plain network.

Reads a pretrained checkpoint. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForSequenceClassification

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.tasks.text_classification.settings import TextClassificationModel


def rows(
    settings: TextClassificationModel, tokenizer: Any, texts: Sequence[str], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """Return texts as token ids with their mask and the number of their label, not padded."""
    cut = {"truncation": True, "max_length": settings.train.max_length}
    encoded = tokenizer(list(texts), **cut)["input_ids"]
    return [
        {
            "input_ids": ids,
            "attention_mask": [1] * len(ids),
            "labels": settings.labels.index(label),
        }
        for ids, label in zip(encoded, labels, strict=True)
    ]


def network(settings: TextClassificationModel, source: Path) -> Any:
    """Return the checkpoint with a fresh head, as transformers makes it, in fp32."""
    return AutoModelForSequenceClassification.from_pretrained(
        source,
        num_labels=len(settings.labels),
        dtype=torch.float32,
        ignore_mismatched_sizes=True,
    )
