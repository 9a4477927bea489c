"""The figures of an image generator on the test split, beside those of the best simple model.

Reads and writes nothing. Bits per dimension alone decide which of two models is better: the bound
of the log probability of held-out images. Frechet distance, precision and recall tell how samples
look in a space of features, and decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.objectives.generation import likelihood
from assay.objectives.generation.intervals import Estimate, mean
from assay.objectives.generation.recorded import Names, better, ends

if TYPE_CHECKING:
    from assay.objectives.generation.intervals import Floats
    from assay.objectives.generation.likelihood import Figures
    from assay.objectives.generation.manifold import PrecisionRecall
    from assay.objectives.generation.recorded import Better
    from assay.records import Metric

NAMES = Names(
    titles={
        "bits_per_dimension": "bits per dimension",
        "negative_bound": "negative importance-weighted bound in nats",
        "negative_elbo": "negative ELBO in nats",
        "reconstruction_error": "reconstruction error",
        "active_latents": "active latents",
        "frechet_distance": "Frechet distance",
        "sample_precision": "precision of samples",
        "sample_recall": "recall of samples",
    },
    decisive="bits_per_dimension",
    headlines=("bits_per_dimension", "negative_elbo", "frechet_distance"),
    higher=("active_latents", "sample_precision", "sample_recall"),
)


@dataclass(frozen=True)
class Compared:
    """A model and a baseline on the same images.

    Attributes:
        model: figures of the model.
        baseline: those of the baseline, whose log probability or bound is one number an image.
        difference: model minus baseline, paired.

    """

    model: Figures
    baseline: Figures
    difference: Figures

    @property
    def better(self) -> Better:
        """Who is ahead in bits per dimension beyond chance."""
        return better(self.difference.bits_per_dimension)

    def metrics(self) -> tuple[Metric, ...]:
        """Return the bounds as records; of all of them less is better."""
        three = (self.model, self.baseline, self.difference)
        bits = [each.bits_per_dimension for each in three]
        bounds = [_negative(each.importance_weighted) for each in three]
        own = _negative(self.model.elbo)
        return (
            NAMES.metric("bits_per_dimension", *bits),
            NAMES.metric("negative_bound", *bounds),
            NAMES.metric("negative_elbo", own),
        )


@dataclass(frozen=True)
class Drawn:
    """How what is generated looks, in a space of features.

    Attributes:
        model: Frechet distance of the model's images from test images.
        baseline: of those of the simple model that is nearest to test images.
        floor: of as many train images: what a perfect model would have.
        manifold: precision and recall of the model's images.
        images: how many of each are compared.

    """

    model: float
    baseline: float
    floor: float
    manifold: PrecisionRecall
    images: int

    def metrics(self) -> tuple[Metric, ...]:
        """Return the figures as records."""
        return (
            NAMES.metric("frechet_distance", _alone(self.model), _alone(self.baseline)),
            NAMES.metric("sample_precision", self.manifold.precision),
            NAMES.metric("sample_recall", self.manifold.recall),
        )


def compare(
    model: Floats, baseline: Floats, dimensions: int, resamples: int, seed: int
) -> Compared:
    """Measure both on the same bootstrap samples of images.

    Args:
        model: log weights, shape (images, samples).
        baseline: log probabilities in nats, or bounds of them, shape (images,).
        dimensions: of an image.
        resamples: how many bootstrap samples.
        seed: of them.

    Raises:
        ValueError: the numbers of images differ.

    """
    base = baseline[:, None]
    return Compared(
        model=likelihood.figures(model, dimensions, resamples, seed),
        baseline=likelihood.figures(base, dimensions, resamples, seed),
        difference=likelihood.differences(model, base, dimensions, resamples, seed),
    )


def reconstruction(errors: Floats, resamples: int, seed: int) -> Metric:
    """Return the mean of the images' squared errors, shape (images,), as a record."""
    return NAMES.metric("reconstruction_error", mean(errors, resamples, seed))


def active(means: Floats) -> Metric:
    """Return how many latents are in use, of posterior means (images, latents), as a record."""
    return NAMES.metric("active_latents", _alone(float(likelihood.active_units(means).sum())))


def _alone(value: float) -> Estimate:
    return Estimate(value if np.isfinite(value) else None, None, None)


def _negative(own: Estimate) -> Estimate:
    value, low, high = (None if one is None else -one for one in ends(own))
    return Estimate(value, high, low)
