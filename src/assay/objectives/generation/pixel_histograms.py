"""The simplest model of images: each number follows its own histogram, independent of all others.

Reads and writes nothing. Its log probabilities are exact, of 8-bit and of binarised images alike,
so that they stand beside bounds of any model of the same images. Where a generator's bound is below
it, the generator has learned nothing of how numbers of an image go together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.generation.intervals import Floats

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

# What each value counts before any image is seen (Krichevsky and Trofimov, "The performance of
# universal encoding", 1981): none is impossible.
PRIOR = 0.5
ALL_VALUES = tuple(range(256))
BINARY_VALUES = (0, 255)


@dataclass(frozen=True, eq=False)
class PixelHistograms:
    """Histograms of the D numbers of an image over V values.

    Attributes:
        shape: of an image: height, width, channels.
        values: that a number can have, ascending, shape (V,).
        shares: of the values, shape (D, V); each row sums to 1.

    """

    shape: tuple[int, ...]
    values: Pixels
    shares: Floats

    def log_probabilities(self, images: Pixels) -> Floats:
        """Return each image's log probability in nats, shape (images,).

        Raises:
            ValueError: an image has another shape, or a value that no number can have.

        """
        places = _places(images, self.shape, self.values)
        logs = np.log(self.shares)
        numbers = np.arange(len(logs))
        return np.array([float(logs[numbers, row].sum()) for row in places])

    def sample(self, count: int, seed: int) -> Pixels:
        """Draw images, uint8, shape (count, height, width, channels)."""
        random = np.random.Generator(np.random.PCG64(seed))
        borders = self.shares.cumsum(axis=1)[:, :-1]  # (D, V - 1)
        drawn = np.zeros((count, len(borders)), dtype=np.uint8)
        for row in range(count):
            noise = random.random((len(borders), 1))
            drawn[row] = self.values[(borders <= noise).sum(axis=1)]
        return drawn.reshape(count, *self.shape)


def fit(images: Pixels, values: Sequence[int] = ALL_VALUES) -> PixelHistograms:
    """Count the values of each number, half a count for each added.

    Args:
        images: uint8, shape (images, height, width, channels).
        values: that a number can have: all levels, or those of :data:`BINARY_VALUES`.

    Raises:
        ValueError: an image has a value that is not among them.

    """
    shape = images.shape[1:]
    known = np.array(sorted(values), dtype=np.uint8)
    places = _places(images, shape, known)
    counts = np.full((math.prod(shape), len(known)), PRIOR)
    for number, column in enumerate(places.T):
        counts[number] += np.bincount(column, minlength=len(known))
    return PixelHistograms(shape, known, counts / counts.sum(axis=1, keepdims=True))


def _places(images: Pixels, shape: tuple[int, ...], values: Pixels) -> Pixels:
    """Return the place of each number's value among ``values``, uint8, shape (images, D)."""
    if images.shape[1:] != shape or not np.isin(images, values).all():
        raise ValueError(
            f"images of shape {images.shape[1:]} and values {np.unique(images)[:5]}...; expected "
            f"shape {shape} and values among {values[:5]}..., {len(values)} in all"
        )
    table = np.zeros(256, dtype=np.uint8)
    table[values] = np.arange(len(values))
    return table[images].reshape(len(images), -1)
