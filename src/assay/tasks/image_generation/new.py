"""Fit a new image generator's settings to a user's images.

Reads the folder or table, and the headers of some images. Writes nothing. Chooses only what the
data decide: the size and colour that the network sees, and how long to train.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.errors import DataRefused
from assay.gateways.sources import folder
from assay.gateways.sources.listed import Columns
from assay.modalities.image import brought
from assay.settings.image import ImageIngest
from assay.tasks.image_generation.settings import ImageGenerationModel, ImageGenerationTrain
from assay.tasks.task import Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.modalities.image.brought import Seen

# What the network sees: the largest of these sides that half of the images reach.
SIDES = (8, 16, 28, 32, 48, 64)
# A small set needs more passes: about this many steps, within these bounds.
STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 4000, 10, 100
STEPS_AN_EPOCH, SMALLEST_BATCH, LARGEST_BATCH = 50, 16, 128
TRAINED_SHARE = 0.8


def propose(data: Path, columns: Mapping[str, str]) -> Proposal[ImageGenerationModel]:
    """Return settings under which ``assay run`` works on a folder or table of images.

    Raises:
        MissingFile: there is nothing at ``data``.
        SourceRefused: a column is missing, or a table names a file that is not there.
        DataRefused: no image.

    """
    named = Columns(columns.get("image", "image"), label=None)
    found = brought.found(data, named)
    if not len(found):
        raise DataRefused(
            f"{data} holds no image",
            expected=" ".join(folder.SUFFIXES),
            cure="name the folder that holds the images",
        )
    seen = brought.examined(found)
    settings = ImageGenerationModel(
        data="image",
        task="generation",
        ingest=ImageIngest(image=named.image),
        train=_train(seen, len(found)),
    )
    notes = seen.notes(settings.validation.max_broken_share)
    return Proposal(settings, len(found), notes)


def _train(seen: Seen, rows: int) -> ImageGenerationTrain:
    trained = max(1, round(rows * TRAINED_SHARE))
    batch = brought.between(
        SMALLEST_BATCH, 2 ** (trained // STEPS_AN_EPOCH).bit_length(), LARGEST_BATCH
    )
    epochs = brought.between(FEWEST_EPOCHS, round(STEPS * batch / trained), MOST_EPOCHS)
    return ImageGenerationTrain(
        size=seen.side(SIDES),
        channels=3 if seen.coloured else 1,
        epochs=epochs,
        batch_size=batch,
    )
