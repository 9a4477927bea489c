"""Images of a report: samples, reconstructions, ways between images, nearest train images.

Reads and writes nothing. All follow from the settings' seed; none is chosen by how it looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay.objectives.generation.image_report import Picture
from assay.objectives.generation.manifold import nearest
from assay.tasks.image_generation.scored import spread

if TYPE_CHECKING:
    from assay.bundle.image_generator import ImageGenerator

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

SAMPLES, COLUMNS = 64, 8
PAIRS = 4
STEPS = 10
QUERIES, NEIGHBOURS = 6, 7


def shown(model: ImageGenerator, train: Pixels, test: Pixels, seed: int) -> list[Picture]:
    """Return what the report shows; ``test`` are images as the model sees them."""
    return [
        Picture(
            "samples",
            "Samples",
            f"Seed {seed}: of each pixel the mean (Bernoulli) or the median (logistic), as `assay "
            "generate` writes it.",
            model.sample(SAMPLES, seed),
            COLUMNS,
        ),
        _reconstructions(model, test, seed),
        _interpolations(model, test),
        Picture(
            "walk",
            "A way through the latents",
            "A circle through one Gaussian of the prior: neighbours should be alike.",
            model.walk(2 * STEPS, seed),
            STEPS,
        ),
        _neighbours(model, train, seed),
    ]


def _reconstructions(model: ImageGenerator, test: Pixels, seed: int) -> Picture:
    some = test[spread(len(test), 4 * COLUMNS)]
    pairs = np.stack([some, model.reconstruct(some, seed)], axis=1)
    words = "Test images evenly spread over the split; at the right of each its reconstruction."
    return Picture(
        "reconstructions", "Reconstructions", words, pairs.reshape(-1, *model.shape), COLUMNS
    )


def _interpolations(model: ImageGenerator, test: Pixels) -> Picture:
    ends = test[spread(len(test), 2 * PAIRS)]
    ways = [
        model.interpolate(ends[place], ends[-1 - place], STEPS)
        for place in range(max(1, len(ends) // 2))
    ]
    words = "Each row joins the posterior means of two test images by a line."
    return Picture("interpolations", "Between two images", words, np.concatenate(ways), STEPS)


def _neighbours(model: ImageGenerator, train: Pixels, seed: int) -> Picture:
    own = model.sample(QUERIES, seed)
    count = min(NEIGHBOURS, len(train))
    rows = nearest(own.reshape(len(own), -1), train.reshape(len(train), -1), count).rows
    lines = [
        np.concatenate([own[place : place + 1], train[rows[place]]]) for place in range(len(own))
    ]
    words = (
        "At the left of each row a generated image, then the train images that are nearest to it "
        "by their pixels: a copy would stand there."
    )
    return Picture("neighbours", "Nearest train images", words, np.concatenate(lines), 1 + count)
