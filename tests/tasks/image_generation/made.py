"""Small images of two kinds, and autoencoders that a few steps taught them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import torch

from assay.objectives.generation import gaussian_mixture
from assay.objectives.generation.gaussian_mixture import Mixture
from assay.tasks.image_generation.likelihoods import binarised
from assay.tasks.image_generation.loss import loss
from assay.tasks.image_generation.network import build
from assay.tasks.image_generation.prior import Prior
from assay.tasks.image_generation.sizes import Sizes

if TYPE_CHECKING:
    from assay.tasks.image_generation.network import Autoencoder

STEPS, BATCH = 120, 64
# Both networks, both likelihoods, grey and colour, and two sides.
SIZES = (
    Sizes(8, 1, 3, 8),
    Sizes(12, 3, 2, 8),
    Sizes(8, 1, 3, 8, likelihood="bernoulli"),
    Sizes(8, 1, 3, 32, network="mlp"),
    Sizes(8, 3, 2, 32, likelihood="bernoulli", network="mlp"),
)


def images(sizes: Sizes, count: int, seed: int = 1) -> torch.Tensor:
    """Return uint8 images, bright on the left or on the right; binarised for Bernoulli."""
    random = torch.Generator().manual_seed(seed)
    shape = (count, *sizes.shape)
    found = 20 + 6 * torch.randn(shape, generator=random)
    strength = 100 + 60 * torch.rand((count, 1, 1, 1), generator=random)
    columns = torch.arange(sizes.side) < sizes.side // 2
    right = torch.rand((count, 1, 1, 1), generator=random) < 0.5
    found += strength * (columns[None, None, :, None] != right)
    pixels = found.clamp(0, 255).to(torch.uint8)
    if sizes.likelihood == "bernoulli":
        return binarised(pixels, torch.rand(shape, generator=random))
    return pixels


def noise(sizes: Sizes, count: int, seed: int = 1) -> torch.Tensor:
    """Return standard normal noise for latents."""
    return torch.randn((count, sizes.latents), generator=torch.Generator().manual_seed(seed))


def fresh(sizes: Sizes, seed: int = 3) -> Autoencoder:
    """Return a network that learned nothing."""
    torch.manual_seed(seed)
    return build(sizes).eval()


def standard(latents: int) -> Prior:
    """Return the standard normal prior."""
    return Prior(gaussian_mixture.standard_normal(latents))


def mixture(latents: int) -> Mixture:
    """Return three Gaussians whose latents depend on each other."""
    random = np.random.default_rng(2)
    roots = np.tril(random.normal(0, 0.4, (3, latents, latents)), -1)
    roots += np.eye(latents) * random.uniform(0.3, 1.2, (3, 1, latents))
    return Mixture(np.array([0.5, 0.2, 0.3]), random.normal(0, 2, (3, latents)), roots)


@functools.cache
@torch.inference_mode(mode=False)  # who asks first may be in it
def trained(sizes: Sizes) -> Autoencoder:
    """Return a network that learned a little."""
    model = fresh(sizes).train()
    train = images(sizes, 512)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    random = torch.Generator().manual_seed(4)
    for step in range(STEPS):
        rows = torch.randint(len(train), (BATCH,), generator=random)
        value = loss(model, train[rows], noise(sizes, BATCH, step))
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return model.eval()
