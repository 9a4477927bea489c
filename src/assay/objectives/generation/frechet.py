"""How far apart two sets of features are: the Frechet distance of two Gaussians.

Reads and writes nothing. What the features are is the caller's: distances in features of another
network are another unit. "FID" is that of Inception's features, and of none else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from assay.objectives.generation.intervals import Floats


def frechet_distance(first: Floats, second: Floats) -> float:
    """Return the squared Frechet distance of Gaussians with the mean and covariance of each set.

    ``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`` (Heusel et al., "GANs trained by a two
    time-scale update rule converge to a local Nash equilibrium", NeurIPS 2017, equation 6).

    With ``C = R'R``, the last trace is the sum of the singular values of ``R1 R2'``. R comes from
    the QR decomposition of the centred features: no covariance is formed, none is inverted, and
    the root of no matrix becomes complex where fewer rows than features leave it singular.

    The estimate is biased upwards, more so with fewer rows (Chong and Forsyth, "Effectively
    unbiased FID", CVPR 2020): compare only sets of equal size, and read it beside the distance of
    two sets of real images of that size. It has no bootstrap interval: rows that are drawn twice
    leave fewer different ones, and so a larger distance.

    Args:
        first: features, shape (rows, features), two rows or more.
        second: features of the other set; the number of rows may differ.

    Returns:
        In squared units of the features, 0 or more.

    Raises:
        ValueError: shapes that do not fit, fewer than two rows, or a number that is not finite.

    """
    first, second = _checked(first), _checked(second)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"sets of {first.shape[1]} and {second.shape[1]} features; expected the same features"
        )
    (mean, root), (other_mean, other_root) = _moments(first), _moments(second)
    shared = np.linalg.svd(root @ other_root.T, compute_uv=False).sum()
    apart = np.square(mean - other_mean).sum()
    spread = np.square(root).sum() + np.square(other_root).sum() - 2 * shared
    # Of equal sets rounding may leave a little less than nothing.
    return max(0.0, float(apart + spread))


def _checked(features: Floats) -> Floats:
    found = np.asarray(features, dtype=np.float64)
    if found.ndim != 2 or len(found) < 2 or not np.isfinite(found).all():
        raise ValueError(
            f"features of shape {found.shape}; expected (rows, features), two rows or more, and "
            "finite numbers"
        )
    return found


def _moments(features: Floats) -> tuple[Floats, Floats]:
    """Return the mean (features,), and R (at most features, features): R'R is the covariance."""
    mean = features.mean(axis=0)
    root = np.linalg.qr(features - mean, mode="r")
    return mean, root / np.sqrt(len(features) - 1)
