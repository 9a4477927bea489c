"""Train an image network on the train split, choose its best epoch on the validation split.

Reads the two split tables, and a pretrained checkpoint if one is named. Writes the checkpoint's
folder and the curve, and the pixels below ``.assay/``. Never sees the test split.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from assay import artifacts, processor, ranks
from assay.learning import curve as curves
from assay.learning import loop, seeding
from assay.learning.bucketing import shuffled
from assay.learning.resumption import Resumption
from assay.scoring import metrics
from assay.tasks.image_classification import network, pixels
from assay.tasks.image_classification.augment import augmented
from assay.tasks.image_classification.recipes import recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from assay.artifacts import Artifacts
    from assay.gateways.tracking import Journal
    from assay.settings.image import ImageModel, ImageTrain

VALIDATION_BATCH = 500


def train(
    settings: ImageModel, files: Artifacts, checkpoint: Path, curve: Path, journal: Journal
) -> None:
    """Write the best weights to ``checkpoint`` and the curve to ``curve``.

    Raises:
        SettingsError: a pretrained checkpoint that is not there or does not fit.
        Diverged: the loss is not finite.

    """
    seeding.make_deterministic(settings.train.seed, settings.train.threads)
    learning, judging = (Rows.of(files, name, settings) for name in ("train", "validation"))
    model = network.build(settings.train, len(settings.labels), learning.pixels)
    training = loop.Training(
        model,
        lesson(settings.train, learning, judging),
        recipe(settings.train),
        settings.train,
        Resumption(files.resume, fingerprint(settings, files)),
        journal,
    )
    rows = training.run()
    network.save(model, settings.train, settings.labels, checkpoint)
    curves.write(curve, rows)


def fingerprint(settings: ImageModel, files: Artifacts) -> str:
    """Return what decides this training's bytes: settings, data, checkpoint, code, machine."""
    source = settings.train.checkpoint
    return artifacts.digest_of(
        settings.train.model_dump_json(),
        " ".join(settings.labels),
        artifacts.sha256(files.split("train")),
        artifacts.sha256(files.split("validation")),
        artifacts.sha256(Path(source)) if source and Path(source).is_dir() else "",
        artifacts.code_digest(),
        processor.processor_class(),
        torch.__version__,
        f"{ranks.world_size()} processes",
    )


class Rows:
    """One split in memory: pixels, uint8 (rows, size, size, channels), and class numbers."""

    def __init__(self, images: torch.Tensor, labels: np.ndarray[Any, Any]) -> None:
        self.pixels, self.labels = images, labels

    @classmethod
    def of(cls, files: Artifacts, name: str, settings: ImageModel) -> Rows:
        """Return the split ``name``."""
        labels = pd.read_parquet(files.split(name), columns=["label"])["label"]
        images = pixels.of_split(files, name, settings.train)
        return cls(images, numbered(labels.tolist(), settings.labels))


def numbered(labels: Sequence[str], names: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return the labels' places in ``names``, int64."""
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[label] for label in labels], dtype=np.int64)


def lesson(settings: ImageTrain, learning: Rows, judging: Rows) -> loop.Lesson:
    """Return what is learned: images drawn anew each epoch, judged as they are."""
    rows = len(learning.labels)

    def collate(chosen: list[int], epoch: int) -> dict[str, torch.Tensor]:
        return {
            "pixels": augmented(learning.pixels, chosen, epoch, settings),
            "labels": torch.from_numpy(learning.labels[chosen]),
        }

    def loss(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(
            model(batch["pixels"]).float(),
            batch["labels"],
            label_smoothing=settings.label_smoothing,
        )

    return loop.Lesson(
        batches=lambda epoch: shuffled(rows, settings.batch_size, settings.seed, epoch),
        collate=collate,
        loss=loss,
        validate=lambda model: scores(model, judging),
        size=lambda batch: len(batch["labels"]),
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
