"""The prior that new latents are drawn from, as torch layers, so that a graph can be made of it.

Reads and writes nothing. In shapes B is the batch, Z the latents, K the Gaussians. All noise is an
input: the same noise gives the same latents.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from assay.objectives.generation.gaussian_mixture import Mixture


class Prior(nn.Module):
    """A mixture of Gaussians in float32."""

    def __init__(self, mixture: Mixture) -> None:
        """Take over a fitted mixture; inverses are computed in double precision."""
        super().__init__()
        weights, means, roots = mixture.weights, mixture.means, mixture.roots
        inverse = np.linalg.inv(roots)  # (K, Z, Z)
        centres = np.einsum("kij,kj->ki", inverse, means)
        scales = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        constants = np.log(weights) - scales - means.shape[1] / 2 * math.log(2 * math.pi)
        stored = {
            "thresholds": np.cumsum(weights)[:-1],
            "means": means,
            "roots": roots,
            "inverse": inverse.reshape(-1, means.shape[1]),  # (K * Z, Z)
            "centres": centres.reshape(-1),
            "constants": constants,
        }
        for name, values in stored.items():
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)))

    thresholds: torch.Tensor
    means: torch.Tensor
    roots: torch.Tensor
    inverse: torch.Tensor
    centres: torch.Tensor
    constants: torch.Tensor

    def forward(self, noise: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        """Return latents (B, Z), by standard normal noise (B, Z) and numbers from 0 to 1 (B,).

        ``uniform`` chooses the Gaussian that each row is drawn from.
        """
        which = (uniform[:, None] >= self.thresholds).sum(dim=1)
        return self.means[which] + (self.roots[which] @ noise[:, :, None])[:, :, 0]

    def log_density(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the log density of latents (B, Z) in nats, shape (B,)."""
        whitened = latents @ self.inverse.T - self.centres
        squares = whitened.reshape(len(latents), *self.means.shape).square().sum(dim=2)
        return (self.constants - squares / 2).logsumexp(dim=1)
