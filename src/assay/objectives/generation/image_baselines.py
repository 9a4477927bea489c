"""The simple models beside an image generator: principal components with Gaussians on them.

Reads and writes nothing. With one Gaussian it is probabilistic PCA (Tipping and Bishop,
"Probabilistic principal component analysis", 1999), with more a mixture on the same latents. Its
latents are as many as those of the network that it stands beside.

What compares with what: :meth:`PcaGaussians.bounds` are lower bounds, in nats, of log
probabilities of 8-bit images. They compare with bounds of other models of the same 8-bit images,
such as a variational autoencoder with a discretised logistic likelihood. They compare with nothing
on binarised images: a density of 256 levels says little of two. Fitted on those, only the samples
compare. One variance of noise for all numbers is costly where many never vary: see
:mod:`assay.objectives.generation.pixel_histograms`, whose log probabilities are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.objectives.generation import gaussian_mixture
from assay.objectives.generation.gaussian_mixture import Mixture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.objectives.generation.intervals import Floats

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

# Images that are floating-point numbers at once.
CHUNK = 4096
# The variance of noise that is uniform from 0 to 1.
UNIFORM = 1 / 12
# Train images whose latents the mixture is fitted on, evenly out of all.
FITTED = 20_000


@dataclass(frozen=True, eq=False)
class PcaGaussians:
    """A density of dequantised images x + u, where u is uniform from 0 to 1 for each number.

    Their first principal components follow a mixture of Gaussians, all else is independent
    Gaussian noise of one variance. In shapes D is the numbers of an image, Z the latents.

    Attributes:
        shape: of an image: height, width, channels.
        mean: of dequantised train images, shape (D,), in levels of 0 to 255.
        components: orthonormal, shape (D, Z).
        noise: variance of what the components leave, in squared levels.
        mixture: of the components' values.

    """

    shape: tuple[int, ...]
    mean: Floats
    components: Floats
    noise: float
    mixture: Mixture

    def bounds(self, images: Pixels, draws: int, seed: int) -> Floats:
        """Return a lower bound of each image's log probability in nats, shape (images,).

        ``log P(x) >= E_u log p(x + u)``, as p integrates over the unit cube at x to P(x), and by
        Jensen's inequality (Theis et al., "A note on the evaluation of generative models", ICLR
        2016, section 3.1). Of the noise variance the mean over u is exact, of the mixture it is
        that of ``draws`` draws: an unbiased estimate of the bound.

        Args:
            images: uint8, shape (images, height, width, channels).
            draws: of u, 1 or more.
            seed: of the draws.

        """
        random = np.random.Generator(np.random.PCG64(seed))
        return np.concatenate([self._bounds(part, draws, random) for part in _parts(images)])

    def sample(self, count: int, seed: int, *, noise: bool = True) -> Pixels:
        """Draw images, uint8, shape (count, height, width, channels).

        ``noise`` False leaves out that of single pixels: smoother to look at, and no sample.
        Values outside 0 to 255, which the density knows nothing of, are cut.
        """
        random = np.random.Generator(np.random.PCG64(seed))
        found = self.mean + self.mixture.sample(count, random) @ self.components.T
        if noise:
            own = random.standard_normal(found.shape) * math.sqrt(self.noise)
            found += own - own @ self.components @ self.components.T
        levels = np.floor(found).clip(0, 255).astype(np.uint8)
        return levels.reshape(count, *self.shape)

    def _bounds(self, images: Floats, draws: int, random: np.random.Generator) -> Floats:
        centred = images + 0.5 - self.mean  # (N, D), the middle of each unit cube
        latents = centred @ self.components  # (N, Z)
        left = self.mean.size - latents.shape[1]
        residual = np.square(centred).sum(axis=1) - np.square(latents).sum(axis=1)
        residual = residual.clip(min=0) + left * UNIFORM
        found: Floats = -0.5 * (left * math.log(2 * math.pi * self.noise) + residual / self.noise)
        for _ in range(draws):
            noise = random.random(centred.shape) - 0.5
            found += self.mixture.log_density(latents + noise @ self.components) / draws
        return found


def fit(images: Pixels, latents: int) -> PcaGaussians:
    """Fit one Gaussian on the components: the maximum of the likelihood of probabilistic PCA.

    Args:
        images: uint8, shape (images, height, width, channels).
        latents: how many components.

    Raises:
        ValueError: no image, or as many latents as an image has dimensions.

    """
    shape = images.shape[1:]
    dimensions = math.prod(shape)
    if not 1 <= latents < dimensions or not len(images):
        raise ValueError(
            f"{latents} latents for {len(images)} images of {dimensions} dimensions; expected "
            "fewer latents than dimensions, and one image or more"
        )
    mean, covariance = _moments(images)
    values, vectors = np.linalg.eigh(covariance)  # ascending
    components = vectors[:, ::-1][:, :latents]
    noise = float(values[:-latents].clip(min=0).mean()) + UNIFORM
    roots = np.diag(np.sqrt(values[::-1][:latents].clip(min=0) + UNIFORM))[None]
    return PcaGaussians(
        shape=shape,
        mean=mean,
        components=components,
        noise=noise,
        mixture=Mixture(np.ones(1), np.zeros((1, latents)), roots),
    )


def mixed(single: PcaGaussians, images: Pixels, gaussians: int, seed: int) -> PcaGaussians:
    """Put a mixture in the place of a single Gaussian that was fitted to the same images.

    ``seed`` is of what the fit starts from.

    Raises:
        ValueError: more Gaussians than images, or none.

    """
    step = -(-len(images) // max(FITTED, gaussians))
    parts = _parts(images[::step])
    latents = np.concatenate([(part + 0.5 - single.mean) @ single.components for part in parts])
    # What the noise u adds to every covariance.
    return replace(single, mixture=gaussian_mixture.fit(latents, gaussians, seed, UNIFORM))


def _moments(images: Pixels) -> tuple[Floats, Floats]:
    """Return the mean (D,) of x + u, and the covariance (D, D) of x."""
    mean = sum(part.sum(axis=0) for part in _parts(images)) / len(images)
    covariance = sum((part - mean).T @ (part - mean) for part in _parts(images)) / len(images)
    return mean + 0.5, covariance


def _parts(images: Pixels) -> Iterator[Floats]:
    """Yield some images after others as (N, D)."""
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK]
        yield part.reshape(len(part), -1).astype(np.float64)
