"""The simple models beside an image generator, fitted to the train split.

Reads and writes nothing. Of binarised images histograms alone have a log probability: a density of
256 levels says nothing of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, prod
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from assay.bundle.image_generator import BINARY
from assay.objectives.generation import image_baselines, pixel_histograms
from assay.progress import say

if TYPE_CHECKING:
    import numpy as np

    from assay.bundle.image_generator import ImageGenerator
    from assay.objectives.generation.image_baselines import PcaGaussians
    from assay.objectives.generation.pixel_histograms import PixelHistograms
    from assay.tasks.image_generation.settings import ImageGenerationEvaluate

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]

# Numbers of an image up to which a covariance of all of them is worth its while.
MOST_NUMBERS = 3072
# Draws of the noise behind each bound.
DRAWS = 8


class Simple(Protocol):
    """A simple model of images."""

    @property
    def name(self) -> str:
        """What it is, in a few words."""

    def nats(self, images: Pixels, seed: int) -> Floats:
        """Return log probabilities, or bounds of them, in nats, shape (images,)."""

    def sample(self, count: int, seed: int) -> Pixels:
        """Return images of it."""


@dataclass(frozen=True)
class Histograms:
    """A histogram for each number of an image."""

    model: PixelHistograms
    name: str = "histograms of pixels"

    def nats(self, images: Pixels, seed: int) -> Floats:
        """Return exact log probabilities."""
        return self.model.log_probabilities(images)

    def sample(self, count: int, seed: int) -> Pixels:
        """Return images whose numbers know nothing of each other."""
        return self.model.sample(count, seed)


@dataclass(frozen=True)
class Components:
    """Gaussians on principal components."""

    model: PcaGaussians
    name: str

    def nats(self, images: Pixels, seed: int) -> Floats:
        """Return lower bounds."""
        return self.model.bounds(images, DRAWS, seed)

    def sample(self, count: int, seed: int) -> Pixels:
        """Return images without the noise of single pixels, as the model's pictures are."""
        return self.model.sample(count, seed, noise=False)


def fitted(
    train: Pixels, model: ImageGenerator, chosen: ImageGenerationEvaluate
) -> tuple[Simple, ...]:
    """Fit the simple models to train images as they came."""
    say("evaluate: fitting the baselines")
    binary = model.levels == BINARY
    values = pixel_histograms.BINARY if binary else pixel_histograms.LEVELS
    seen = model.seen(train, chosen.seed)
    histograms = Histograms(pixel_histograms.fit(seen, values))
    numbers = prod(model.shape)
    if binary or numbers > MOST_NUMBERS or len(train) < chosen.gaussians:
        return (histograms,)
    latents = min(model.latents, numbers - 1)
    return (
        histograms,
        *(
            Components(image_baselines.fit(train, latents, gaussians, chosen.seed), name)
            for gaussians, name in (
                (1, f"{latents} principal components, one Gaussian"),
                (chosen.gaussians, f"{latents} principal components, {chosen.gaussians} Gaussians"),
            )
        ),
    )


def best(simple: tuple[Simple, ...], validation: Pixels, seed: int) -> Simple:
    """Return the one that needs the fewest nats on validation images as the model sees them."""
    return max(simple, key=lambda one: float(one.nats(validation, seed).mean()))


def table(simple: tuple[Simple, ...], test: Pixels, seed: int) -> pd.DataFrame:
    """Return what each costs on test images as the model sees them."""
    numbers = prod(test.shape[1:])
    rows = [
        (one.name, -nats / log(2) / numbers, -nats)
        for one in simple
        for nats in [float(one.nats(test, seed).mean())]
    ]
    return pd.DataFrame(rows, columns=["baseline", "bits_per_dimension", "nats"])
