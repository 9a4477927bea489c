"""A split's images as tensors of one size, kept on disk, and how they get that size.

Reads a split's table. Writes one file below ``.assay/pixels/``
(:mod:`assay.modalities.image.kept_pixels`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from assay.modalities.image import kept_pixels

if TYPE_CHECKING:
    from assay.modalities.image.kept_pixels import Pixels
    from assay.paths import ModelPaths
    from assay.tasks.image_classification.settings import ImageTrain


def of_split(files: ModelPaths, name: str, settings: ImageTrain) -> torch.Tensor:
    """Return the split's images as uint8 (rows, size, size, channels), mapped from the disk."""
    target = kept_pixels.FOLDER / files.model
    size, channels = settings.size, settings.channels
    return torch.from_numpy(
        kept_pixels.of_table(files.split(name), target, size, channels, squared)
    )


def resized(pixels: torch.Tensor, size: int) -> torch.Tensor:
    """Return float32 (batch, channels, size, size), 0 to 255, of (batch, height, width, channels).

    Squashed to a square by bilinear interpolation with antialiasing: what the exported graph does.
    """
    found = pixels.permute(0, 3, 1, 2).float()
    if tuple(found.shape[2:]) == (size, size):
        return found
    return functional.interpolate(
        found, (size, size), mode="bilinear", antialias=True, align_corners=False
    )


def squared(pixels: Pixels, size: int) -> Pixels:
    """Return an image (height, width, channels) resized as :func:`resized` does, uint8."""
    found = resized(torch.from_numpy(pixels.copy())[None], size)
    whole: Pixels = found.round().clamp(0, 255).to(torch.uint8)[0].permute(1, 2, 0).numpy()
    return whole
