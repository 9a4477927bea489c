"""A served autoencoder: seeds to images, images to latents and back, exactly as it was measured.

Reads a bundle folder. Writes nothing, and never loads torch. All noise follows from a seed: the
same seed gives the same images, in batches of any size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.bundle import manifest, serving
from assay.bundle.session import Session
from assay.errors import InputRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from assay.bundle.manifest import Manifest
    from assay.bundle.serving import Graph

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float32]]
    Latents = np.ndarray[Any, np.dtype[np.floating[Any]]]
    Weights = np.ndarray[Any, np.dtype[np.float64]]

# The graphs beside the decoder, which is the bundle's ``model.onnx``.
ENCODER, PRIOR, WEIGHTS = "encoder.onnx", "prior.onnx", "weights.onnx"
# What the manifest says of an image, how many levels a number of it has (256, or 2), and of how
# many fitted Gaussians the prior is: 0 for the standard normal one.
SIDE, CHANNELS, LATENTS, LEVELS = "side", "channels", "latents", "levels"
GAUSSIANS = "gaussians"
BINARY, ALL = 2, 256
# Images that are computed together, and those that are binarised together.
BATCH, CHUNK = 64, 1024
# Streams of random numbers, so that a seed's latents tell nothing of its pixels.
OF_LATENTS, OF_PIXELS, OF_BINARY, OF_GAUSSIANS = range(4)


@dataclass(frozen=True)
class Posterior:
    """What the encoder says of images: independent normal distributions of their latents.

    Attributes:
        mean: float32 of shape (images, latents).
        log_variance: the same.

    """

    mean: Floats
    log_variance: Floats


class ImageGenerator:
    """An opened bundle that draws images.

    In all shapes H and W are :attr:`side`, and images are uint8.
    """

    def __init__(self, stated: Manifest, decoder: Graph, others: Mapping[str, Session]) -> None:
        """Use :meth:`open`."""
        self.manifest, self.precision = stated, decoder.precision
        self.provider = decoder.session.provider
        self.session, self._others = decoder.session, others
        self.side, self.channels = stated.number(SIDE), stated.number(CHANNELS)
        self.latents, self.levels = stated.number(LATENTS), stated.number(LEVELS)
        self.gaussians = stated.number(GAUSSIANS)

    @classmethod
    def open(cls, folder: Path, *, threads: int = 2) -> ImageGenerator:
        """Check a bundle's bytes, then load its four graphs.

        Raises:
            BundleRefused: a file is missing, was altered, or does not belong there; the decoder
                answers here otherwise than it was measured.

        """
        found = manifest.read(folder)
        for name in (ENCODER, PRIOR, WEIGHTS):
            if name not in found.files:
                raise manifest.refused(folder, f"it holds no {name}")
        decoder = serving.choose(folder, found, threads, intra_op_threads=threads)
        others = {
            ENCODER: Session(str(folder / ENCODER), threads, intra_op_threads=threads),
            PRIOR: Session(str(folder / PRIOR), 1),
            WEIGHTS: Session(str(folder / WEIGHTS), threads),
        }
        return cls(found, decoder, others)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        return self.side, self.side, self.channels

    @property
    def dimensions(self) -> int:
        """Height times width times channels."""
        return math.prod(self.shape)

    def sample(self, count: int, seed: int, *, noise: bool = False) -> Pixels:
        """Return images of latents drawn from the prior, (count, H, W, channels).

        ``noise`` False gives the mean (Bernoulli) or the median (logistic) of each pixel, which is
        smoother to look at; True draws each pixel, which is a sample of the model.
        """
        return self.decode(self.prior(count, seed), seed, noise=noise)

    def prior(self, count: int, seed: int) -> Floats:
        """Return latents drawn from the prior, float32 (count, latents)."""
        uniform = _random(seed, OF_GAUSSIANS).random(count, dtype=np.float32)
        return self._drawn(self._noise(count, seed), uniform)

    def _noise(self, count: int, seed: int) -> Floats:
        """Return standard normal numbers, float32 (count, latents)."""
        random = _random(seed, OF_LATENTS)
        return random.standard_normal((count, self.latents), dtype=np.float32)

    def _drawn(self, noise: Floats, uniform: Floats) -> Floats:
        """Return latents of the prior, of the Gaussians that ``uniform`` (count,) chooses."""
        found: Floats = self._others[PRIOR].run({"noise": noise, "uniform": uniform})
        return found

    def decode(self, latents: Latents, seed: int = 0, *, noise: bool = False) -> Pixels:
        """Return images of latents (images, latents); the seed is that of ``noise``.

        Raises:
            InputRefused: latents of another shape.

        """
        if latents.ndim != 2 or latents.shape[1] != self.latents:
            raise _refused("latents", latents.shape, f"(images, {self.latents})")
        random = _random(seed, OF_PIXELS)
        found = np.zeros((len(latents), *self.shape), dtype=np.uint8)
        for part in _parts(len(latents)):
            given = np.ascontiguousarray(latents[part], dtype=np.float32)
            own = random.random((len(given), *self.shape), dtype=np.float32)
            values = self.session.values({"latents": given, "noise": own})
            found[part] = values["samples" if noise else "images"].numpy()
        return found

    def encode(self, images: Pixels) -> Posterior:
        """Return the posterior of images (images, H, W, channels) as :meth:`seen` gives them.

        Raises:
            InputRefused: images of another shape or type.

        """
        self._check(images)
        shape = (len(images), self.latents)
        found = Posterior(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
        for part in _parts(len(images)):
            given = np.ascontiguousarray(images[part])
            none = np.zeros((len(given), self.latents), dtype=np.float32)
            values = self._others[ENCODER].values({"pixels": given, "noise": none})
            found.mean[part] = values["mean"].numpy()
            found.log_variance[part] = values["log_variance"].numpy()
        return found

    def seen(self, images: Pixels, seed: int) -> Pixels:
        """Return images as the model is made for them: as they are, or binarised.

        Each number becomes 255 with its share of 255 as probability, else 0.
        """
        if self.levels != BINARY:
            return images
        random, found = _random(seed, OF_BINARY), np.zeros_like(images)
        for part in _parts(len(images), CHUNK):
            noise = random.random(images[part].shape, dtype=np.float32)
            found[part] = 255 * (noise < images[part] / np.float32(255))
        return found

    def reconstruct(self, images: Pixels, seed: int) -> Pixels:
        """Return images again, each out of latents that are drawn from its posterior by the seed.

        Raises:
            InputRefused: as :meth:`encode`.

        """
        return self.redrawn(self.encode(images), seed)

    def redrawn(self, posterior: Posterior, seed: int) -> Pixels:
        """Return an image for each posterior, out of latents that are drawn from it by the seed."""
        noise = self._noise(len(posterior.mean), seed)
        return self.decode(posterior.mean + np.exp(posterior.log_variance / 2) * noise)

    def interpolate(self, first: Pixels, second: Pixels, steps: int) -> Pixels:
        """Return ``steps`` images from one image (H, W, channels) to another, both included.

        Their posterior means are joined by a line.

        Raises:
            InputRefused: as :meth:`encode`, or fewer than two steps.

        """
        if steps < 2:
            raise _refused("steps", (steps,), "2 or more")
        begin, end = self.encode(np.stack([first, second])).mean
        share = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
        return self.decode((1 - share) * begin + share * end)

    def walk(self, steps: int, seed: int) -> Pixels:
        """Return images along a circle through one Gaussian of the prior, which ends at its start.

        With standard normal a and b, ``a cos t + b sin t`` is standard normal at every t.
        """
        first, second = self._noise(2, seed)
        turn = np.linspace(0, 2 * np.pi, steps, endpoint=False, dtype=np.float32)[:, None]
        noise = np.cos(turn) * first + np.sin(turn) * second
        uniform = _random(seed, OF_GAUSSIANS).random(1, dtype=np.float32)
        return self.decode(self._drawn(noise, np.repeat(uniform, steps)))

    def log_weights(self, images: Pixels, samples: int, seed: int) -> Weights:
        """Return ``log p(x|z) + log p(z) - log q(z|x)`` in nats, float64 (images, samples).

        p(z) is the prior that :meth:`sample` draws from. Each of ``samples`` latents of an image is
        drawn from its posterior.

        Raises:
            InputRefused: as :meth:`encode`.

        """
        self._check(images)
        found = np.zeros(len(images) * samples)
        for rows, own in self._others[WEIGHTS].run_all(self._weighed(images, samples, seed)):
            found[rows] = own
        return found.reshape(-1, samples)

    def _weighed(
        self, images: Pixels, samples: int, seed: int
    ) -> Iterator[tuple[slice, dict[str, Any]]]:
        """Yield images, each as often as latents are drawn of it, with the noise for these."""
        random = _random(seed, OF_LATENTS)
        for part in _parts(len(images) * samples, 2 * BATCH):
            given = images[np.arange(part.start, part.stop) // samples]
            noise = random.standard_normal((len(given), self.latents), dtype=np.float32)
            yield part, {"pixels": given, "noise": noise}

    def _check(self, images: Pixels) -> None:
        if images.ndim != 4 or images.shape[1:] != self.shape or images.dtype != np.uint8:
            shape = ", ".join(map(str, self.shape))
            raise _refused(f"{images.dtype} images", images.shape, f"uint8 (images, {shape})")


def _random(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, stream]))


def _parts(rows: int, size: int = BATCH) -> Iterator[slice]:
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def _refused(what: str, shape: tuple[int, ...], expected: str) -> InputRefused:
    return InputRefused(
        f"{what} of shape {shape}", expected=expected, cure="give what the bundle is made for"
    )
