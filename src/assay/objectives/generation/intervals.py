"""How far a figure could be off: percentile bootstrap intervals over rows.

Reads and writes nothing. Rows (documents, images) are drawn anew with replacement, many times; the
middle 95 % of a figure over these draws is its interval (Efron & Tibshirani 1993, "An Introduction
to the Bootstrap", chapter 13). Equal numbers of rows and draws and an equal seed give equal draws,
so that the interval of a difference is paired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEVEL = 0.95
# Rows times resamples that are held at once: some 40 MiB with four columns.
CHUNK = 1_000_000


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval.

    Attributes:
        value: None where it is undefined, or exceeds a float.
        low: lower end; None where the value is, or there are no draws, or it exceeds a float.
        high: upper end.

    """

    value: float | None
    low: float | None
    high: float | None


def resampled(columns: Floats, resamples: int, seed: int) -> Floats:
    """Sum what is known of rows over bootstrap samples of them.

    Args:
        columns: shape (rows, columns).
        resamples: how many samples.
        seed: of the draws.

    Returns:
        Shape (resamples, columns); (0, columns) for fewer than two rows, among which there is
        nothing to draw.

    """
    rows, width = columns.shape
    random = np.random.Generator(np.random.PCG64(seed))
    found = np.zeros((resamples if rows > 1 else 0, width))
    size = max(1, CHUNK // rows)
    for start in range(0, len(found), size):
        chunk = found[start : start + size]
        chunk[:] = columns[random.integers(0, rows, (len(chunk), rows))].sum(axis=1)
    return found


def estimate(value: float, drawn: Floats) -> Estimate:
    """Join a figure with the middle 95 % of its draws, shape (resamples,).

    NaN is a draw that leaves the figure undefined, and takes no part.
    """
    known = drawn[~np.isnan(drawn)]
    if not np.isfinite(value) or not len(known):
        return Estimate(_finite(value), None, None)
    # Infinite draws can leave an end between them undefined.
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, _finite(low), _finite(high))


def mean(values: Floats, resamples: int, seed: int) -> Estimate:
    """Return the mean of a column, shape (rows,), with its interval."""
    drawn = resampled(values[:, None], resamples, seed)[:, 0] / len(values)
    return estimate(float(values.mean()), drawn)


def share(columns: NDArray[Any], resamples: int, seed: int) -> Estimate:
    """Return the sum of a column over that of another, of (rows, 2), with its interval."""
    found = columns.astype(np.float64)
    sums, drawn = found.sum(axis=0), resampled(found, resamples, seed)
    return estimate(float(sums[0] / sums[1]), drawn[:, 0] / drawn[:, 1])


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
