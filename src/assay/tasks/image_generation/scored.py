"""What images cost a bundle, and which images are looked at where all of them would take too long.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.objectives.generation.likelihood import importance_weighted_bounds

if TYPE_CHECKING:
    from assay.bundle.image_generator import ImageGenerator
    from assay.tasks.image_generation.settings import ImageGenerationEvaluate

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Costs:
    """What a model loses on images; satisfies ``champion_rules.Costs``.

    Attributes:
        nats: negative importance-weighted bound of each image, shape (images,).
        size: dimensions of an image, shape (images,).

    """

    nats: Floats
    size: Ints


def spread(rows: int, most: int) -> Ints:
    """Return at most so many places, evenly spread over all rows."""
    return np.linspace(0, rows - 1, min(rows, most)).astype(np.int64)


def costs(model: ImageGenerator, images: Pixels, chosen: ImageGenerationEvaluate) -> Costs:
    """Return what test images as they came cost a bundle, on some of them, evenly spread."""
    some = model.seen(images, chosen.seed)[spread(len(images), chosen.bound_images)]
    weights = model.log_weights(some, chosen.bound_samples, chosen.seed)
    dimensions = np.full(len(some), model.dimensions, dtype=np.int64)
    return Costs(-importance_weighted_bounds(weights), dimensions)
