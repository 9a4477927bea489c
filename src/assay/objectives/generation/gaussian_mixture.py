"""A mixture of Gaussians on latents: its density, draws of it, and how one is fitted.

Reads and writes nothing. In shapes Z is the latents and K the Gaussians.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from assay.objectives.generation.intervals import Floats

# Of expectation maximisation, at most.
STEPS = 200


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussians with weights.

    Attributes:
        weights: shape (K,), of sum 1.
        means: shape (K, Z).
        roots: lower Cholesky factors L of the covariances LL', shape (K, Z, Z).

    """

    weights: Floats
    means: Floats
    roots: Floats

    def log_density(self, latents: Floats) -> Floats:
        """Return the log density of latents (N, Z) in nats, shape (N,)."""
        terms = []
        for weight, mean, root in zip(self.weights, self.means, self.roots, strict=True):
            whitened = np.linalg.solve(root, (latents - mean).T)  # (Z, N)
            scale = np.log(np.diag(root)).sum() + 0.5 * len(mean) * math.log(2 * math.pi)
            terms.append(math.log(weight) - scale - 0.5 * np.square(whitened).sum(axis=0))
        found: Floats = logsumexp(terms, axis=0)
        return found

    def sample(self, count: int, random: np.random.Generator) -> Floats:
        """Return latents, shape (count, Z)."""
        which = random.choice(len(self.weights), count, p=self.weights)
        noise = random.standard_normal((count, self.means.shape[1], 1))
        found: Floats = self.means[which] + (self.roots[which] @ noise)[..., 0]
        return found


def standard_normal(latents: int) -> Mixture:
    """Return the standard normal distribution of so many latents: a mixture of one."""
    return Mixture(np.ones(1), np.zeros((1, latents)), np.eye(latents)[None])


def fit(latents: Floats, gaussians: int, seed: int, floor: float) -> Mixture:
    """Fit a mixture to latents (N, Z) by expectation maximisation, from what ``seed`` begins with.

    It finds a local maximum of the likelihood. ``floor`` is added to every variance.

    Raises:
        ValueError: more Gaussians than latents, or none.

    """
    if not 1 <= gaussians <= len(latents):
        raise ValueError(f"{gaussians} Gaussians for {len(latents)} latents; expected no more")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(gaussians, reg_covar=floor, random_state=seed, max_iter=STEPS)
    # One thread: sums in another order have other bytes.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Steps are bounded: a mixture that has not converged is a mixture, too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(latents)
    return Mixture(mixture.weights_, mixture.means_, np.linalg.cholesky(mixture.covariances_))
