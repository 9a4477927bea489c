"""A small network that learns much from few epochs: whitened patches, three narrow groups.

Reads and writes nothing. After Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024,
and the networks of Page and of Balsam that it builds on.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional

WIDTHS = (64, 256, 256)
# The vector kernels of processors take channels by sixteens; others cost as if they were.
CHANNEL_STEP = 16
PATCHES = 1000
# Keeps the flattest directions of a patch, which are little but noise, from being blown up.
FLOOR = 5e-4
# Each batch weighs this much in the running statistics: there are few steps to gather them.
MOMENTUM = 0.4


class Unit(nn.Module):
    """A 3x3 convolution, maybe a pool over 2x2, batch norm with a learned shift alone, GELU."""

    def __init__(self, given: int, made: int, *, pool: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(given, made, 3, padding=1, bias=False)
        # The first filters begin by passing their input on.
        nn.init.dirac_(self.convolution.weight[: min(given, made)])
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()
        self.normalization = nn.BatchNorm2d(made, momentum=MOMENTUM)
        # A scale that stays 1 is never negative, so that a pool and the norm may change places.
        self.normalization.weight.requires_grad_(False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return (batch, made, height, width), the last two halved by a pool."""
        return functional.gelu(self.normalization(self.pool(self.convolution(images))))


class Speednet(nn.Module):
    """Whitening, three groups of two units, the greatest of each map, a linear head."""

    def __init__(self, channels: int, classes: int, width: float) -> None:
        super().__init__()
        # As many filters as a patch has values, and their negatives.
        side = 2 if channels == 3 else 3
        patch = channels * side**2
        self.whitening = nn.Conv2d(channels, 2 * patch, side)
        self.whitening.weight.requires_grad_(False)
        nn.init.zeros_(cast("torch.Tensor", self.whitening.bias))
        widths = [widened(given, width) for given in WIDTHS]
        self.groups = nn.Sequential(
            *(
                nn.Sequential(Unit(given, made, pool=True), Unit(made, made, pool=False))
                for given, made in zip([2 * patch, *widths], widths, strict=False)
            )
        )
        self.head = nn.Linear(widths[-1], classes, bias=False)
        with torch.no_grad():
            self.head.weight /= self.head.weight.std()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of normalised images (batch, channels, side, side)."""
        found = self.groups(functional.gelu(self.whitening(images))).amax((2, 3))
        return cast("torch.Tensor", self.head(found) / found.shape[1])

    @torch.no_grad()
    def whiten(self, images: torch.Tensor) -> None:
        """Fix the first layer: principal directions of the images' patches, scaled to variance 1.

        ``images``: normalised, (some thousands, channels, side, side).
        """
        filters = self.whitening.weight
        patches = _patches(images[:PATCHES], filters.shape[2]).double()
        covariance = patches.T @ patches / len(patches)
        variances, directions = torch.linalg.eigh(covariance)
        scaled = (directions / (variances + FLOOR).sqrt()).T.flip(0)
        filters.copy_(torch.cat([scaled, -scaled]).reshape(filters.shape).to(filters.dtype))


def widened(channels: int, width: float) -> int:
    """Return ``channels`` times ``width``, to the nearest sixteen and at least that."""
    return max(CHANNEL_STEP, round(channels * width / CHANNEL_STEP) * CHANNEL_STEP)


def _patches(images: torch.Tensor, side: int) -> torch.Tensor:
    """Return every ``side`` x ``side`` patch as a row: (patches, channels * side * side)."""
    found = functional.unfold(images, side)
    return found.transpose(1, 2).reshape(-1, found.shape[1])
