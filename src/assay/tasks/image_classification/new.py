"""Fit a new model's settings to a user's images.

Reads the folder or table, and the headers of some images. Writes nothing. Chooses only what the
data decide: the labels, the size and colour that the network sees, and how long to train.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import SettingsError
from assay.gateways import tables
from assay.gateways.sources import folder
from assay.gateways.sources.listed import Columns
from assay.modalities.image import brought
from assay.objectives.classification.labels import proposed_classes
from assay.objectives.classification.spelling import same_but_for_case
from assay.tasks.image_classification.settings import (
    ImageClassificationIngest,
    ImageClassificationModel,
    ImageClassificationValidate,
    ImageTrain,
)
from assay.tasks.task import Proposal

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from assay.modalities.image.brought import Seen

# What the network sees: the largest of these sides that half of the images reach.
SIDES = (16, 28, 32, 48, 64, 96, 128)
# Speednet is made for small images.
SPEEDNET_UP_TO = 64
# A small set needs more passes: about this many steps, within these bounds.
STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 600, 8, 60
STEPS_AN_EPOCH, SMALLEST_BATCH, LARGEST_BATCH = 20, 16, 512
TRAINED_SHARE = 0.8


def propose(data: Path, columns: Mapping[str, str]) -> Proposal[ImageClassificationModel]:
    """Return settings under which ``assay run`` works on a folder or table of images.

    Raises:
        MissingFile: there is nothing at ``data``.
        SourceRefused: a column is missing, a table names a file that is not there, an image has no
            class folder.
        DataRefused: no image, one class alone, or a class with too few images.

    """
    label = columns.get("label", "label")
    named = Columns(columns.get("image", "image"), label)
    found = brought.found(data, named)
    seen = brought.examined(found)
    labels = _labels(seen.labels, data)
    settings = ImageClassificationModel(
        data="image",
        task="classification",
        labels=labels,
        ingest=ImageClassificationIngest(image=named.image, label=label),
        train=_train(seen, sum(seen.labels.values())),
    )
    return Proposal(settings, len(found), _notes(seen, settings))


def starting_point(settings: ImageClassificationModel) -> str:
    """Check that what the model starts from is there, and return its name.

    Raises:
        SettingsError: ``train.checkpoint`` names a folder that is not there.

    """
    checkpoint = settings.train.checkpoint
    if checkpoint is None:
        return f"{settings.train.network}, from random weights"
    if not Path(checkpoint).is_dir():
        raise SettingsError(
            f"train.checkpoint names the folder {checkpoint!r}, which is not there",
            expected="a folder with config.json and model.safetensors, or null",
            cure="correct the path in params.yaml (relative paths start at the project's root)",
        )
    return checkpoint


def _labels(counts: Counter[str], data: Path) -> tuple[str, ...]:
    cure = (
        f"give each class a folder that bears its name ({data}/CLASS/, {' '.join(folder.SUFFIXES)})"
        f", or a table that lists its images ({' '.join(tables.READABLE)})"
    )
    fewest = ImageClassificationValidate().min_rows_per_class
    return proposed_classes(counts, str(data), noun="image", cure=cure, fewest=fewest)


def _train(seen: Seen, rows: int) -> ImageTrain:
    size = seen.side(SIDES)
    trained = rows * TRAINED_SHARE
    batch = brought.between(
        SMALLEST_BATCH, 2 ** round(trained / STEPS_AN_EPOCH).bit_length(), LARGEST_BATCH
    )
    epochs = brought.between(FEWEST_EPOCHS, round(STEPS * batch / max(trained, 1)), MOST_EPOCHS)
    return ImageTrain(
        network="speednet" if size <= SPEEDNET_UP_TO else "resnet18",
        size=size,
        channels=3 if seen.coloured else 1,
        epochs=epochs,
        patience=epochs,
        batch_size=batch,
        crop=max(1, size // 16),
    )


def _notes(seen: Seen, settings: ImageClassificationModel) -> list[str]:
    return [
        *same_but_for_case(seen.labels),
        "in training and prediction images are also seen mirrored left to right; where left and "
        "right matter (letters, digits, signs), set train.flip and export.tta to none in "
        "params.yaml",
        *seen.notes(settings.validation.max_broken_share),
    ]
