"""ONNX and torch must agree number by number: latents, parameters, prior, weights of the bound.

Reads and writes nothing. A bundle that answers otherwise than the network that was trained never
leaves the export stage. uint8 images are compared by the parameters that they are made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay.errors import ParityFailed

if TYPE_CHECKING:
    from assay.bundle.session import Session
    from assay.tasks.image_generation.network import Autoencoder
    from assay.tasks.image_generation.prior import Prior

    Array = np.ndarray[Any, Any]

# Of a posterior, of the likelihood's parameters, and of nats per dimension.
TOLERANCE = 1e-3
BATCHES = (1, 2, 7, 32)


@dataclass(frozen=True)
class Graphs:
    """The opened graphs of one autoencoder."""

    encoder: Session
    decoder: Session
    prior: Session
    weights: Session


def grid(model: Autoencoder, prior: Prior, graphs: Graphs) -> float:
    """Return the largest difference on made-up images, over sizes of batches.

    Raises:
        ParityFailed: it is more than :data:`TOLERANCE`.

    """
    largest = 0.0
    for batch in BATCHES:
        random = np.random.default_rng(batch)
        shape = (batch, *model.sizes.shape)
        pixels = random.integers(0, 256, shape, dtype=np.uint8)
        if model.sizes.likelihood == "bernoulli":
            pixels = np.where(pixels < 128, 0, 255).astype(np.uint8)
        largest = max(largest, difference(model, prior, graphs, pixels, batch))
    return largest


def difference(model: Autoencoder, prior: Prior, graphs: Graphs, pixels: Array, seed: int) -> float:
    """Return the largest difference on images, uint8 (images, height, width, channels).

    Raises:
        ParityFailed: it is more than :data:`TOLERANCE`.

    """
    random = np.random.default_rng(seed)
    noise = random.standard_normal((len(pixels), model.sizes.latents), dtype=np.float32)
    chosen = random.random(len(pixels), dtype=np.float32)
    feeds = {"pixels": pixels, "noise": noise}
    encoded = {name: one.numpy() for name, one in graphs.encoder.values(feeds).items()}
    latents = encoded["latents"]
    uniform = np.full(pixels.shape, 0.5, dtype=np.float32)
    parameters = graphs.decoder.run({"latents": latents, "noise": uniform})
    drawn = graphs.prior.run({"noise": noise, "uniform": chosen})
    weights = graphs.weights.run(feeds)
    with torch.inference_mode():
        images, own = torch.from_numpy(pixels), torch.from_numpy(noise)
        posterior = model.encode(images)
        expected = model.decode(torch.from_numpy(latents)).numpy()
        weighed = model.log_weights(images, own, prior).numpy()
        new = prior(own, torch.from_numpy(chosen)).numpy()
    return _require_near(
        max(
            _largest(encoded["mean"], posterior.mean.numpy()),
            _largest(encoded["log_variance"], posterior.log_variance.numpy()),
            _largest(latents, posterior.drawn(own).numpy()),
            _largest(parameters, expected),
            _largest(drawn, new),
            _largest(weights, weighed) / model.sizes.dimensions,
        )
    )


def _largest(found: Array, expected: Array) -> float:
    # Python's max may drop a NaN.
    value = float(np.abs(found - expected).max())
    return value if np.isfinite(value) else float("inf")


def _require_near(largest: float) -> float:
    if not largest <= TOLERANCE:
        raise ParityFailed(
            f"ONNX differs from torch by {largest:.2g}",
            expected=f"at most {TOLERANCE}",
            cure="report this with the versions that `assay doctor` prints; nothing was exported",
        )
    return largest
