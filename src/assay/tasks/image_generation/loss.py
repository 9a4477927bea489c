"""What training minimises: the negative evidence lower bound, in nats per image.

Reads and writes nothing. Noise is an input: the same images, weights and noise have the same loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

    from assay.tasks.image_generation.network import Parts


@dataclass(frozen=True)
class Measured:
    """Means over images, in nats per image, with one draw of each image's latents.

    Attributes:
        negative_elbo: ``reconstruction + divergence``; lower is better. Neither beta nor free
            bits are in it.
        reconstruction: negative log likelihood of the images given their latents.
        divergence: of the posterior from the prior, all latents together.

    """

    negative_elbo: float
    reconstruction: float
    divergence: float


def loss(
    model: nn.Module,
    pixels: torch.Tensor,
    noise: torch.Tensor,
    beta: float | torch.Tensor = 1.0,
    free_bits: float = 0.0,
) -> torch.Tensor:
    """Return a scalar, float32: the mean over the batch.

    ``reconstruction + beta * sum over latents of max(free_bits, mean over the batch of KL)``: beta
    of Higgins et al., "beta-VAE", ICLR 2017, and free bits of Kingma et al., "Improving variational
    inference with inverse autoregressive flow", NeurIPS 2016, each latent being a group of its own.
    With ``beta`` 1 and ``free_bits`` 0 it is the negative evidence lower bound; else it is not.

    Args:
        model: an autoencoder, or what wraps it for several devices.
        pixels: (batch, height, width, channels), 0 to 255.
        noise: standard normal, (batch, latents).
        beta: weight of the divergence, see :func:`annealed`.
        free_bits: the KL divergence of each latent, in nats, below which it is not penalised.

    """
    parts: Parts = model(pixels, noise)
    divergences = parts.divergences.mean(dim=0).clamp(min=free_bits)
    return beta * divergences.sum() - parts.log_likelihood.mean()


def annealed(done: float, warm_up: float, beta: float = 1.0) -> float:
    """Return the weight of the divergence, which rises in a line from 0 to beta.

    Bowman et al., "Generating sentences from a continuous space", CoNLL 2016; in a line: Sonderby
    et al., "Ladder variational autoencoders", NeurIPS 2016.

    Args:
        done: steps or epochs before this one.
        warm_up: how many of the same it rises for; 0 for none.
        beta: where it ends.

    """
    return beta if done >= warm_up else beta * done / warm_up


def measured(model: nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> Measured:
    """Measure held-out images, given as batches of pixels and noise as :func:`loss` takes them.

    Raises:
        ValueError: no image.

    """
    sums, images = torch.zeros(2, dtype=torch.float64), 0
    with torch.inference_mode():
        for pixels, noise in batches:
            parts: Parts = model(pixels, noise)
            sums[0] -= parts.log_likelihood.double().sum().cpu()
            sums[1] += parts.divergences.double().sum().cpu()
            images += len(pixels)
    if not images:
        raise ValueError("no image to measure; expected one or more")
    reconstruction, divergence = (sums / images).tolist()
    return Measured(reconstruction + divergence, reconstruction, divergence)
