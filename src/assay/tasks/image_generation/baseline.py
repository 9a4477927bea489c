"""The simple models beside an image generator, fitted to the train split.

Reads and writes nothing. Of binarised images histograms alone have a log probability: a density of
256 levels says nothing of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from assay.bundle.image_generator import BINARY
from assay.objectives.generation import image_baselines, pixel_histograms
from assay.objectives.generation.likelihood import bits_per_dimension
from assay.progress import say

if TYPE_CHECKING:
    import numpy as np

    from assay.bundle.image_generator import ImageGenerator
    from assay.objectives.generation.image_baselines import PcaGaussians
    from assay.objectives.generation.pixel_histograms import PixelHistograms
    from assay.tasks.image_generation.settings import ImageGenerationEvaluate

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]

# Of an image, up to which a covariance of all of them is computed.
MOST_DIMENSIONS = 3072
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
    """A histogram for each dimension of an image."""

    model: PixelHistograms
    name: str = "histograms of pixels"

    def nats(self, images: Pixels, seed: int) -> Floats:
        """Return exact log probabilities."""
        return self.model.log_probabilities(images)

    def sample(self, count: int, seed: int) -> Pixels:
        """Return images whose pixels are independent."""
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
    values = pixel_histograms.BINARY_VALUES if binary else pixel_histograms.ALL_VALUES
    seen = model.seen(train, chosen.seed)
    histograms = Histograms(pixel_histograms.fit(seen, values))
    if binary or model.dimensions > MOST_DIMENSIONS or len(train) < chosen.gaussians:
        return (histograms,)
    latents = min(model.latents, model.dimensions - 1)
    single = image_baselines.fit(train, latents)
    mixture = image_baselines.mixed(single, train, chosen.gaussians, chosen.seed)
    name = f"{latents} principal components"
    return (
        histograms,
        Components(single, f"{name}, one Gaussian"),
        Components(mixture, f"{name}, {chosen.gaussians} Gaussians"),
    )


def best(simple: tuple[Simple, ...], validation: Pixels, seed: int) -> Simple:
    """Return the one that needs the fewest nats on validation images as the model sees them."""
    return max(simple, key=lambda one: float(one.nats(validation, seed).mean()))


def table(simple: tuple[Simple, ...], test: Pixels, seed: int) -> pd.DataFrame:
    """Return what each costs on test images as the model sees them."""
    dimensions = prod(test.shape[1:])
    rows = [
        (one.name, bits_per_dimension(-nats, dimensions), -nats)
        for one in simple
        for nats in [float(one.nats(test, seed).mean())]
    ]
    return pd.DataFrame(rows, columns=["baseline", "bits_per_dimension", "nats"])
