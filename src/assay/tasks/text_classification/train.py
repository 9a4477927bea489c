"""Fine-tune BERT on the train split, choose its best epoch on the validation split.

Reads the two split tables and the pretrained checkpoint. Writes the checkpoint's folder and the
curve. Never sees the test split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from assay.learning import curve, loop, recipe, seeding
from assay.learning.batching import bucketed
from assay.modalities.text import pretrained
from assay.modalities.text.encoding import Encoding, TextEncoder, padded
from assay.objectives.classification import metrics
from assay.objectives.classification.labels import numbers
from assay.objectives.classification.targets import targets
from assay.paths import ModelPaths
from assay.progress import say
from assay.tasks.text_classification import network

if TYPE_CHECKING:
    from pathlib import Path

    from assay.learning.run import TrainingRun
    from assay.paths import ModelPaths
    from assay.tasks.text_classification.settings import TextClassificationModel

VALIDATION_BATCH = 64


def train(settings: TextClassificationModel, files: ModelPaths, run: TrainingRun) -> None:
    """Write the best weights and the curve to where ``run`` says.

    Raises:
        SettingsError: the pretrained checkpoint cannot be found or is no BERT.
        Diverged: the loss is not finite.

    """
    source = pretrained.locate(settings.train.checkpoint)
    seeding.make_deterministic(settings.train.seed, settings.train.threads)
    learned = setup(settings, files, source)
    model = network.load(source, settings.labels, settings.train.dropout, new_head=True)
    network.require_length(model, settings.train.max_length)
    training = loop.Training(
        model, learned, recipe.fine_tuning(settings.train), settings.train, run
    )
    rows = training.run()
    network.save(model, source, run.checkpoint)
    curve.write(run.curve, rows)


def setup(settings: TextClassificationModel, files: ModelPaths, source: Path) -> loop.TrainingSetup:
    """Return what is learned: both splits encoded by the tokenizer in the folder ``source``."""
    encode = TextEncoder(source / "tokenizer.json", settings.train.max_length)
    train_rows, validation_rows = (_Rows(files.split(name), encode, settings) for name in _USED)
    cut = train_rows.encoding.truncated
    if cut:
        say(f"train: {cut:,} texts are longer than {settings.train.max_length} tokens and were cut")
    lengths = [len(ids) for ids in train_rows.encoding.ids]
    return loop.TrainingSetup(
        batches=lambda epoch: bucketed(
            lengths, settings.train.batch_size, settings.train.seed, epoch
        ),
        collate=lambda rows, _epoch: train_rows.collate(rows),
        loss=network.loss,
        validate=lambda model: scores(model, validation_rows.encoding, validation_rows.labels),
        size=lambda batch: int(batch["attention_mask"].sum()),
        selection=loop.Selection(metrics.SELECTION, metrics.TITLES["macro_f1"]),
    )


_USED = ("train", "validation")


class _Rows:
    """One split, encoded."""

    def __init__(self, table: Path, encode: TextEncoder, settings: TextClassificationModel) -> None:
        rows = pd.read_parquet(table)
        self.encoding = encode(rows["text"].tolist())
        self.labels = numbers(rows["label"].tolist(), settings.labels)
        soft = settings.train.soft_labels
        self._targets = targets(rows, settings.labels, soft=soft)

    def collate(self, rows: list[int]) -> dict[str, torch.Tensor]:
        """Return padded tensors of some rows, with what they are learned as."""
        feeds = padded([self.encoding.ids[row] for row in rows])
        return {
            **{name: torch.from_numpy(array) for name, array in feeds.items()},
            "labels": torch.from_numpy(self._targets[rows]),
        }


def logits(model: Any, encoding: Encoding, batch_size: int = VALIDATION_BATCH) -> torch.Tensor:
    """Return float32 logits (rows, classes) of the torch network, in the rows' order."""
    device = next(model.parameters()).device
    answer: list[torch.Tensor] = []
    order: list[int] = []
    with torch.inference_mode():
        for rows, feeds in encoding.batches(batch_size):
            tensors = {name: torch.from_numpy(array).to(device) for name, array in feeds.items()}
            answer.append(model(**tensors).logits.float().cpu())
            order += rows
    return torch.cat(answer)[torch.tensor(np.argsort(order))]


def scores(model: Any, encoding: Encoding, labels: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return the validation split's loss, accuracy and macro F1."""
    found = logits(model, encoding)
    loss = torch.nn.functional.cross_entropy(found, torch.from_numpy(labels))
    predicted = found.argmax(dim=1).numpy()
    return {
        "validation_loss": float(loss),
        "validation_accuracy": float((predicted == labels).mean()),
        "validation_macro_f1": metrics.macro_f1(labels, predicted),
    }
