"""Train an image network on the train split, choose its best epoch on the validation split.

Reads the two split tables, and a pretrained checkpoint if one is named. Writes the checkpoint's
folder and the curve, and the pixels below ``.assay/``. Never sees the test split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from assay.learning import curve, loop, seeding
from assay.learning.batching import shuffled
from assay.objectives.classification import metrics
from assay.objectives.classification.labels import numbers
from assay.tasks.image_classification import network, pixels
from assay.tasks.image_classification.augment import augmented
from assay.tasks.image_classification.recipes import recipe

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from assay.learning.run import TrainingRun
    from assay.paths import ModelPaths
    from assay.tasks.image_classification.settings import ImageClassificationModel, ImageTrain

VALIDATION_BATCH = 500


def train(settings: ImageClassificationModel, files: ModelPaths, run: TrainingRun) -> None:
    """Write the best weights and the curve to where ``run`` says.

    Raises:
        SettingsError: a pretrained checkpoint that is not there or does not fit.
        Diverged: the loss is not finite.

    """
    seeding.make_deterministic(settings.train.seed, settings.train.threads)
    train_rows, validation_rows = (Rows.of(files, name, settings) for name in _USED)
    model = network.build(settings.train, len(settings.labels), train_rows.pixels)
    training = loop.Training(
        model,
        setup(settings.train, train_rows, validation_rows),
        recipe(settings.train),
        settings.train,
        run,
    )
    rows = training.run()
    network.save(model, settings.train, settings.labels, run.checkpoint)
    curve.write(run.curve, rows)


_USED = ("train", "validation")


class Rows:
    """One split in memory: pixels, uint8 (rows, size, size, channels), and class numbers."""

    def __init__(self, images: torch.Tensor, labels: np.ndarray[Any, Any]) -> None:
        """Take images and as many labels."""
        self.pixels, self.labels = images, labels

    @classmethod
    def of(cls, files: ModelPaths, name: str, settings: ImageClassificationModel) -> Rows:
        """Return the split ``name``."""
        labels = pd.read_parquet(files.split(name), columns=["label"])["label"]
        images = pixels.of_split(files, name, settings.train)
        return cls(images, numbers(labels.tolist(), settings.labels))


def setup(settings: ImageTrain, train_rows: Rows, validation_rows: Rows) -> loop.TrainingSetup:
    """Return what is learned: images augmented anew each epoch, validated as they are."""
    rows = len(train_rows.labels)

    def collate(chosen: list[int], epoch: int) -> dict[str, torch.Tensor]:
        return {
            "pixels": augmented(train_rows.pixels, chosen, epoch, settings),
            "labels": torch.from_numpy(train_rows.labels[chosen]),
        }

    def loss(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(
            model(batch["pixels"]).float(),
            batch["labels"],
            label_smoothing=settings.label_smoothing,
        )

    return loop.TrainingSetup(
        batches=lambda epoch: shuffled(rows, settings.batch_size, settings.seed, epoch),
        collate=collate,
        loss=loss,
        validate=lambda model: scores(model, validation_rows),
        size=lambda batch: len(batch["labels"]),
        selection=loop.Selection(metrics.SELECTION, metrics.TITLES["macro_f1"]),
    )


def logits(
    model: nn.Module, images: torch.Tensor, batch_size: int = VALIDATION_BATCH
) -> torch.Tensor:
    """Return float32 logits (rows, classes) of uint8 images, in their order."""
    device = next(model.parameters()).device
    with torch.inference_mode():
        parts = torch.split(images, batch_size)
        return torch.cat([model(part.to(device)).float().cpu() for part in parts])


def scores(model: nn.Module, rows: Rows) -> dict[str, float]:
    """Return the validation split's loss, accuracy and macro F1."""
    found = logits(model, rows.pixels)
    predicted = found.argmax(dim=1).numpy()
    loss = torch.nn.functional.cross_entropy(found, torch.from_numpy(rows.labels))
    return {
        "validation_loss": float(loss),
        "validation_accuracy": float((predicted == rows.labels).mean()),
        "validation_macro_f1": metrics.macro_f1(rows.labels, predicted),
    }
