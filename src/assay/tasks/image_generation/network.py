"""Variational autoencoders: from images to a posterior of latents, and back to a likelihood.

Reads and writes nothing. Images are (B, H, W, C), 0 to 255, uint8 or float: binarised ones hold 0
and 255. The prior of the latents (B, Z) that is trained with is a standard normal distribution, the
posterior a normal one with independent latents (Kingma and Welling, "Auto-encoding variational
Bayes", ICLR 2014).
All noise is an input: the same noise gives the same outputs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import nn

from assay.tasks.image_generation.likelihoods import LIKELIHOODS
from assay.tasks.image_generation.settings import STEP

if TYPE_CHECKING:
    from assay.tasks.image_generation.prior import Prior
    from assay.tasks.image_generation.sizes import Sizes


class Posterior(NamedTuple):
    """What the encoder says of the latents of some images, float32."""

    mean: torch.Tensor  # (B, Z)
    log_variance: torch.Tensor  # (B, Z)

    def drawn(self, noise: torch.Tensor) -> torch.Tensor:
        """Return latents (B, Z), by standard normal noise of that shape."""
        return self.mean + (self.log_variance / 2).exp() * noise

    def log_density(self, noise: torch.Tensor) -> torch.Tensor:
        """Return the log density in nats of what :meth:`drawn` gives for the noise, shape (B,)."""
        parts = noise.square() + self.log_variance + math.log(2 * math.pi)
        return -parts.sum(dim=1) / 2

    def divergences(self) -> torch.Tensor:
        """Return the KL divergence of each latent in nats, shape (B, Z).

        It is that from the standard normal prior: Kingma and Welling 2014, appendix B.
        """
        return (self.log_variance.exp() + self.mean.square() - 1 - self.log_variance) / 2


class Parts(NamedTuple):
    """The two parts of the evidence lower bound, in nats."""

    log_likelihood: torch.Tensor  # (B,), of the images given one draw of their latents
    divergences: torch.Tensor  # (B, Z), of the posterior from the prior


class Autoencoder(nn.Module):
    """An encoder and a decoder; what layers they have is the subclass's."""

    def __init__(self, sizes: Sizes, encoder: nn.Module, decoder: nn.Module) -> None:
        """Join (B, C, H, W) to (B, 2Z), and (B, Z) to as many numbers as the likelihood wants."""
        super().__init__()
        self.sizes = sizes
        self.likelihood = LIKELIHOODS[sizes.likelihood]
        self.encoder, self.decoder = encoder, decoder

    def encode(self, pixels: torch.Tensor) -> Posterior:
        """Return the posterior of images (B, H, W, C)."""
        found = cast("torch.Tensor", self.encoder(levels(pixels) / 255))
        return Posterior(*found.float().chunk(2, dim=1))

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the likelihood's parameters (B, P, C, H, W) of latents (B, Z), float32."""
        found = cast("torch.Tensor", self.decoder(latents)).float()
        side, _, channels = self.sizes.shape
        return found.reshape(-1, self.sizes.outputs, channels, side, side)

    def forward(self, pixels: torch.Tensor, noise: torch.Tensor) -> Parts:
        """Return the parts of images (B, H, W, C), with standard normal noise (B, Z)."""
        posterior = self.encode(pixels)
        parameters = self.decode(posterior.drawn(noise))
        found = self.likelihood.log_probability(parameters, levels(pixels))
        return Parts(found, posterior.divergences())

    def log_weights(self, pixels: torch.Tensor, noise: torch.Tensor, prior: Prior) -> torch.Tensor:
        """Return ``log p(x|z) + log p(z) - log q(z|x)`` in nats, shape (B,).

        Of z as :meth:`Posterior.drawn`, where p(z) is ``prior``'s. Their mean is the evidence lower
        bound, the logarithm of their exponentials' mean the importance-weighted one.
        """
        posterior = self.encode(pixels)
        latents = posterior.drawn(noise)
        found = self.likelihood.log_probability(self.decode(latents), levels(pixels))
        return found + prior.log_density(latents) - posterior.log_density(noise)


class Vae(Autoencoder):
    """The convolutional one: strides halve twice, and shuffled channels double twice.

    Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network", CVPR 2016: a convolution on the small image gives four channels
    for each, which become two by two pixels.
    """

    def __init__(self, sizes: Sizes) -> None:
        """Make the layers with fresh weights, drawn from torch's seed."""
        width, small = sizes.width, sizes.side // STEP
        inner = 2 * width * small * small
        encoder = nn.Sequential(
            nn.Conv2d(sizes.channels, width, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            Residual(2 * width),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(inner, 2 * sizes.latents),
        )
        decoder = nn.Sequential(
            nn.Linear(sizes.latents, inner),
            nn.Unflatten(1, (2 * width, small, small)),
            Residual(2 * width),
            nn.SiLU(),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1),
            nn.PixelShuffle(2),
            nn.SiLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.PixelShuffle(2),
            nn.SiLU(),
            nn.Conv2d(width // 2, sizes.outputs * sizes.channels, 3, padding=1),
        )
        super().__init__(sizes, encoder, decoder)


class MlpVae(Autoencoder):
    """One hidden layer of ReLU on either side.

    With 28 by 28 grey pixels, 400 units, 20 latents and the Bernoulli likelihood it is the network
    of PyTorch's example (pytorch/examples, ``vae/main.py``): 784-400-20-400-784.
    """

    def __init__(self, sizes: Sizes) -> None:
        """Make the layers with fresh weights, drawn from torch's seed."""
        numbers = math.prod(sizes.shape)
        encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(numbers, sizes.width),
            nn.ReLU(),
            nn.Linear(sizes.width, 2 * sizes.latents),
        )
        decoder = nn.Sequential(
            nn.Linear(sizes.latents, sizes.width),
            nn.ReLU(),
            nn.Linear(sizes.width, sizes.outputs * numbers),
        )
        super().__init__(sizes, encoder, decoder)


class Residual(nn.Module):
    """Two convolutions, added to what came in; the second begins at zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        first = nn.Conv2d(channels, channels, 3, padding=1)
        self.layers = nn.Sequential(nn.SiLU(), first, nn.SiLU(), last)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the next states (B, channels, H, W)."""
        return states + cast("torch.Tensor", self.layers(states))


def build(sizes: Sizes) -> Autoencoder:
    """Return the network that the sizes name, with fresh weights."""
    return Vae(sizes) if sizes.network == "convolutional" else MlpVae(sizes)


def levels(pixels: torch.Tensor) -> torch.Tensor:
    """Return images (B, H, W, C) as float32 (B, C, H, W), 0 to 255."""
    return pixels.permute(0, 3, 1, 2).float()


def pixels_of(levels: torch.Tensor) -> torch.Tensor:
    """Return levels (B, C, H, W) as uint8 images (B, H, W, C)."""
    return levels.permute(0, 2, 3, 1).to(torch.uint8)
