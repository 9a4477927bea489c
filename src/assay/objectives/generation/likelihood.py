"""How probable held-out images are to a latent-variable model: bounds, bits, active units.

Reads and writes nothing. Knows log weights alone, whatever network gave them: for an image x and a
latent z drawn from q(z|x), ``log w = log p(x|z) + log p(z) - log q(z|x)``, in nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from scipy.special import logsumexp

from assay.objectives.generation.intervals import estimate, resampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assay.objectives.generation.intervals import Estimate, Floats

N = TypeVar("N", float, np.ndarray[Any, Any])

# Of the posterior mean, over images: what varies more is in use.
ACTIVE = 0.01


@dataclass(frozen=True)
class Figures:
    """What a model gives to an image on average. All are bounds of what it really gives.

    Two models compare only where the data are the same: 8-bit values with 8-bit values, images
    binarised alike with such. A density of continuous values has another unit.

    Attributes:
        elbo: evidence lower bound in nats per image; higher is better.
        importance_weighted: the tighter lower bound of ``samples`` latents an image, in nats.
        bits_per_dimension: ``-importance_weighted / ln 2 / dimensions``; lower is better.
        samples: latents for each image. The bound rises with them (Burda et al., theorem 1):
            compare only bounds of equally many.

    """

    elbo: Estimate
    importance_weighted: Estimate
    bits_per_dimension: Estimate
    samples: int


def evidence_lower_bounds(log_weights: Floats) -> Floats:
    """Return each image's ELBO in nats, shape (images,), of log weights (images, samples).

    Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, equation 2, as the mean over
    the samples.
    """
    found: Floats = _checked(log_weights).mean(axis=1)
    return found


def importance_weighted_bounds(log_weights: Floats) -> Floats:
    """Return ``log(mean of w)`` of each image in nats, shape (images,).

    Burda et al., "Importance weighted autoencoders", ICLR 2016, equation 8.

    Args:
        log_weights: of independent draws, shape (images, samples).

    Raises:
        ValueError: no image or no sample, or a weight that is NaN.

    """
    log_weights = _checked(log_weights)
    found: Floats = logsumexp(log_weights, axis=1) - np.log(log_weights.shape[1])
    return found


def bits_per_dimension(nats: N, dimensions: int) -> N:
    """Return ``nats / ln 2 / dimensions``, of a number or of an array."""
    return nats / (math.log(2) * dimensions)


def figures(log_weights: Floats, dimensions: int, resamples: int, seed: int) -> Figures:
    """Measure a model.

    Args:
        log_weights: shape (images, samples); a single image gives no interval.
        dimensions: of an image: height times width times channels.
        resamples: how many bootstrap samples of the images; 0 gives no interval. The intervals
            know the choice of images, and not that of the latents.
        seed: of the bootstrap.

    Raises:
        ValueError: no image or no sample, a weight that is NaN, or dimensions below 1.

    """
    columns = _columns(log_weights, dimensions)
    return _joined(columns, log_weights.shape[1], resamples, seed)


def differences(
    model: Floats, baseline: Floats, dimensions: int, resamples: int, seed: int
) -> Figures:
    """Return by how much a model's figures exceed a baseline's on the same images, paired.

    A baseline whose exact log probability or bound is known has a single column.

    Raises:
        ValueError: as :func:`figures`, or the numbers of images differ.

    """
    if len(model) != len(baseline):
        raise ValueError(
            f"log weights of {len(model)} and {len(baseline)} images; expected the same images"
        )
    columns = _columns(model, dimensions) - _columns(baseline, dimensions)
    return _joined(columns, model.shape[1], resamples, seed)


def active_units(means: Floats) -> NDArray[np.bool_]:
    """Tell which latents are in use: their posterior mean varies from image to image.

    Burda et al. 2016, section 5.2: the variance over images of ``E[z | x]`` exceeds 0.01.

    Args:
        means: of the posterior, shape (images, latents).

    Returns:
        Shape (latents,).

    """
    found: NDArray[np.bool_] = np.asarray(means, dtype=np.float64).var(axis=0) > ACTIVE
    return found


def _checked(log_weights: Floats) -> Floats:
    weights = np.asarray(log_weights, dtype=np.float64)
    if weights.ndim != 2 or 0 in weights.shape or np.isnan(weights).any():
        raise ValueError(
            f"log weights of shape {weights.shape}, {int(np.isnan(weights).sum())} of them NaN; "
            "expected (images, samples), one or more of each, and none NaN"
        )
    return weights


def _columns(log_weights: Floats, dimensions: int) -> Floats:
    """Return the three figures of each image, shape (images, 3)."""
    if dimensions < 1:
        raise ValueError(f"images of {dimensions} dimensions; expected 1 or more")
    bound = importance_weighted_bounds(log_weights)
    return np.stack(
        [evidence_lower_bounds(log_weights), bound, bits_per_dimension(-bound, dimensions)], axis=1
    )


def _joined(columns: Floats, samples: int, resamples: int, seed: int) -> Figures:
    means = columns.mean(axis=0)
    drawn = resampled(columns, resamples, seed) / len(columns)
    elbo, bound, bits = (estimate(float(means[at]), drawn[:, at]) for at in range(3))
    return Figures(elbo, bound, bits, samples)
