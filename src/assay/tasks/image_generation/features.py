"""The space in which generated images are compared with real ones: principal components of pixels.

Reads and writes nothing. Features of the train split itself need no other network, and stay the
same from run to run. They see shapes and tones, and no meaning: a figure in them compares models of
one data set, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.modalities.image.statistics import shrunk
from assay.objectives.generation import image_baselines

if TYPE_CHECKING:
    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]

# Components, and the side that larger images are shrunk to for them.
COMPONENTS, SIDE = 64, 28
# Images that are shrunk at once.
CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Features:
    """Principal components of small images.

    Attributes:
        side: of them.
        mean: shape (numbers,).
        components: orthonormal, shape (numbers, components).

    """

    side: int
    mean: Floats
    components: Floats

    @classmethod
    def of(cls, train: Pixels) -> Features:
        """Find the components of train images, uint8 (images, side, side, channels)."""
        side = min(SIDE, train.shape[1])
        small = _small(train, side)
        count = min(COMPONENTS, prod(small.shape[1:]) - 1)
        found = image_baselines.fit(small, count)
        return cls(side, found.mean, found.components)

    @property
    def name(self) -> str:
        """What they are, in a few words."""
        count = self.components.shape[1]
        return f"the first {count} principal components of train pixels ({self.side} a side)"

    def __call__(self, images: Pixels) -> Floats:
        """Return the features of images, pixels from 0 to 1, shape (images, components)."""
        found = np.zeros((len(images), self.components.shape[1]))
        for start in range(0, len(images), CHUNK):
            part = slice(start, start + CHUNK)
            small = _small(images[part], self.side).astype(np.float64)
            rows = small.reshape(len(small), -1) + 0.5 - self.mean
            found[part] = rows @ self.components / 255
        return found


def _small(images: Pixels, side: int) -> Pixels:
    if images.shape[1] == side:
        return images
    parts = [
        shrunk(images[start : start + CHUNK], side, side).round().astype(np.uint8)
        for start in range(0, len(images), CHUNK)
    ]
    return np.concatenate(parts)
