"""The train and validation splits as a text network reads them: token ids and targets.

Reads the two split tables and a tokenizer. Writes nothing. Never sees the test split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from assay.modalities.text.encoding import Encoding, TextEncoder, padded
from assay.objectives.classification.labels import numbers
from assay.objectives.classification.targets import targets
from assay.progress import say

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from assay.paths import ModelPaths
    from assay.tasks.text_classification.settings import TextClassificationModel


@dataclass(frozen=True)
class Rows:
    """One split.

    Attributes:
        encoding: the token ids of its texts.
        labels: class numbers, int64 of shape (rows,).
        targets: what is learned: class numbers, or float32 probabilities (rows, classes).

    """

    encoding: Encoding
    labels: np.ndarray[Any, Any]
    targets: np.ndarray[Any, Any]

    def collate(self, rows: list[int]) -> dict[str, torch.Tensor]:
        """Return padded tensors of some rows, with what they are learned as."""
        feeds = padded([self.encoding.ids[row] for row in rows])
        return {
            **{name: torch.from_numpy(array) for name, array in feeds.items()},
            "labels": torch.from_numpy(self.targets[rows]),
        }


@dataclass(frozen=True)
class Splits:
    """What is learned from, and what is chosen on."""

    train: Rows
    validation: Rows
    classes: int

    @classmethod
    def of(cls, settings: TextClassificationModel, files: ModelPaths, tokenizer: str) -> Splits:
        """Read both splits, encoded by the tokenizer of the JSON ``tokenizer``."""
        encode = TextEncoder(tokenizer, settings.train.max_length, settings.train.tail)
        train, validation = (
            _rows(files.split(name), encode, settings) for name in ("train", "validation")
        )
        if cut := train.encoding.truncated:
            say(
                f"train: {cut:,} texts are longer than {settings.train.max_length} tokens and were "
                "cut"
            )
        return cls(train, validation, len(settings.labels))


def train_texts(files: ModelPaths) -> list[str]:
    """Return the texts of the train split."""
    texts: list[str] = pd.read_parquet(files.split("train"), columns=["text"])["text"].tolist()
    return texts


def _rows(table: Path, encode: TextEncoder, settings: TextClassificationModel) -> Rows:
    rows = pd.read_parquet(table)
    return Rows(
        encode(rows["text"].tolist()),
        numbers(rows["label"].tolist(), settings.labels),
        targets(rows, settings.labels, soft=settings.train.soft_labels),
    )
