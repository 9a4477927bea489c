"""Statistics of an image's grey values: thumbnail, brightness, contrast.

Reads encoded images, batch by batch, so that memory stays bounded. Writes nothing. Works on grey
values alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.modalities.image.encoding import ImageDecoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float32]]

BATCH = 256


@dataclass(frozen=True)
class GreyStatistics:
    """Grey values from 0 (black) to 1 (white) of many images, in the order given.

    Attributes:
        thumbnails: of shape (images, side * side).
        brightness: the mean, of shape (images,).
        contrast: the standard deviation, of shape (images,).

    """

    thumbnails: Floats
    brightness: Floats
    contrast: Floats


def grey_statistics(images: Sequence[bytes], side: int) -> GreyStatistics:
    """Measure encoded images.

    Raises:
        UnreadableImage: one of them is no image.

    """
    found = GreyStatistics(
        np.zeros((len(images), side * side), dtype=np.float32),
        np.zeros(len(images), dtype=np.float32),
        np.zeros(len(images), dtype=np.float32),
    )
    for rows, feeds in ImageDecoder(1)(images).batches(BATCH):
        grey = feeds["pixels"]
        found.thumbnails[rows] = shrunk(grey, side, side).reshape(len(rows), -1) / 255
        found.brightness[rows] = grey.mean(axis=(1, 2, 3)) / 255
        found.contrast[rows] = grey.std(axis=(1, 2, 3)) / 255
    return found


def shrunk(pixels: Pixels, height: int, width: int) -> Floats:
    """Return images of shape (batch, height, width, channels), each pixel the mean of a field.

    An image with fewer rows or columns than asked for repeats some of its own.
    """
    _, rows, columns, _ = pixels.shape
    tall = np.add.reduceat(pixels.astype(np.float32), _starts(rows, height), axis=1)
    small: Floats = np.add.reduceat(tall, _starts(columns, width), axis=2)
    fields = np.outer(_lengths(rows, height), _lengths(columns, width))
    small /= fields[:, :, None].astype(np.float32)
    return small


def _starts(whole: int, parts: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.arange(parts) * whole // parts


def _lengths(whole: int, parts: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    # Where a field would be empty, reduceat takes the one value that it starts at.
    return np.diff(_starts(whole, parts), append=whole).clip(min=1)
