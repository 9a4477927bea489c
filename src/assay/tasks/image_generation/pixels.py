"""A split's images as pixels of the size that the network sees, kept on disk.

Reads a split's table. Writes one file below ``.assay/pixels/``
(:mod:`assay.modalities.image.kept_pixels`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.modalities.image import kept_pixels

if TYPE_CHECKING:
    from assay.modalities.image.kept_pixels import Pixels
    from assay.paths import ModelPaths
    from assay.tasks.image_generation.settings import ImageGenerationTrain


def of_split(files: ModelPaths, name: str, chosen: ImageGenerationTrain) -> Pixels:
    """Return the split's images as uint8 (rows, size, size, channels), mapped from the disk."""
    folder = kept_pixels.FOLDER / files.model
    return kept_pixels.of_table(
        files.split(name), folder, chosen.size, chosen.channels, kept_pixels.squared
    )
