"""The network of the tutorials: two convolutions, three linear layers, nothing else.

Reads and writes nothing. LeCun et al., "Gradient-based learning applied to document recognition",
1998, in the form that PyTorch's CIFAR-10 tutorial teaches.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional

KERNEL = 5
SMALLEST = 16


class LeNet(nn.Module):
    """Convolutions of 6 and 16 filters, then 120, 84 and ``classes`` units; ReLU between."""

    def __init__(self, channels: int, classes: int, size: int) -> None:
        super().__init__()
        side = ((size - KERNEL + 1) // 2 - KERNEL + 1) // 2
        self.first = nn.Conv2d(channels, 6, KERNEL)
        self.second = nn.Conv2d(6, 16, KERNEL)
        self.linear = nn.Sequential(
            nn.Linear(16 * side**2, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of normalised images (batch, channels, size, size)."""
        found = functional.max_pool2d(functional.relu(self.first(images)), 2)
        found = functional.max_pool2d(functional.relu(self.second(found)), 2)
        return cast("torch.Tensor", self.linear(found.flatten(1)))
