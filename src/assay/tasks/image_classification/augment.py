"""Augmentation of a whole batch at once: random flips, translations and cutout.

Reads and writes nothing. What an image becomes is drawn from (seed, epoch, row) alone: neither the
batch that it stands in, nor the rows before it, nor a restart changes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay.learning.counters import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.learning.counters import Numbers
    from assay.tasks.image_classification.settings import ImageTrain

# One stream of random numbers for each thing that is drawn.
MIRROR, DOWN, RIGHT, CUTOUT_DOWN, CUTOUT_RIGHT = range(5)


def augmented(
    pixels: torch.Tensor, rows: Sequence[int], epoch: int, settings: ImageTrain
) -> torch.Tensor:
    """Return the rows' images (rows, height, width, channels), uint8, as this epoch shows them."""
    numbers = np.asarray(rows, dtype=np.uint64)
    height, width = pixels.shape[1:3]
    seed = settings.seed
    down = _shifted(height, settings.crop, drawn(seed, epoch, numbers, DOWN))
    right = _shifted(width, settings.crop, drawn(seed, epoch, numbers, RIGHT))
    mirrored = _mirrored(numbers, epoch, settings)
    right[mirrored] = right[mirrored, ::-1]
    place = torch.from_numpy(numbers.astype(np.int64))[:, None, None]
    # One gathering of pixels does both: no padded copy is ever made.
    found = pixels[place, torch.from_numpy(down)[:, :, None], torch.from_numpy(right)[:, None, :]]
    if settings.cutout:
        _cut(found, numbers, epoch, settings)
    return found


def _mirrored(rows: Numbers, epoch: int, settings: ImageTrain) -> np.ndarray[Any, Any]:
    """Tell which images are mirrored.

    ``alternating``: a coin for the first epoch, then by turns, so that every two epochs show both
    sides of every image (Jordan 2024).
    """
    if settings.flip == "none":
        return np.zeros(len(rows), dtype=bool)
    if settings.flip == "random":
        return np.asarray(drawn(settings.seed, epoch, rows, MIRROR) % 2 == 1)
    return np.asarray((drawn(settings.seed, 0, rows, MIRROR) + np.uint64(epoch)) % 2 == 1)


def _shifted(side: int, most: int, numbers: Numbers) -> np.ndarray[Any, Any]:
    """Return for each row the places (rows, side) to take, shifted by up to ``most`` pixels.

    Beyond the edge the image is reflected, the edge itself not repeated.
    """
    most = min(most, side - 1)
    shift = (numbers % np.uint64(2 * most + 1)).astype(np.int64) - most
    place = np.abs(np.arange(side)[None, :] + shift[:, None])
    return np.asarray(np.where(place >= side, 2 * (side - 1) - place, place))


def _cut(pixels: torch.Tensor, rows: Numbers, epoch: int, settings: ImageTrain) -> None:
    """Blacken a square of ``settings.cutout`` pixels in each image (DeVries and Taylor 2017)."""
    masks = []
    for side, stream in zip(pixels.shape[1:3], (CUTOUT_DOWN, CUTOUT_RIGHT), strict=True):
        numbers = drawn(settings.seed, epoch, rows, stream)
        centre = (numbers % np.uint64(side)).astype(np.int64)[:, None]
        first = centre - settings.cutout // 2
        place = np.arange(side)[None, :]
        masks.append(torch.from_numpy((place >= first) & (place < first + settings.cutout)))
    pixels[masks[0][:, :, None] & masks[1][:, None, :]] = 0
