"""A confidence sequence for a share: an interval that holds however often and whenever one looks.

Reads and writes nothing. Of n rows k count, each with the same chance p given all before it. The
mixture of the likelihood over a Beta distribution of p, divided by the likelihood at the true p,
is a martingale that begins at one, so that it ever reaches 1 / error with a chance of at most
``error`` (Ville 1939). The values of p at which it has not are the interval: Robbins 1970,
"Statistical methods related to the law of the iterated logarithm", Annals of Mathematical
Statistics 41; Howard, Ramdas, McAuliffe and Sekhon 2021, "Time-uniform, nonparametric,
nonasymptotic confidence sequences", Annals of Statistics 49.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import betaln, xlog1py, xlogy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Floats = np.ndarray[Any, np.dtype[np.float64]]

Verdict = Literal["agrees", "disagrees", "keep watching"]

# Jeffreys' distribution: it loses little wherever p lies, also near 0 and 1.
PRIOR = (0.5, 0.5)
# Halvings of [0, 1]: an end is then known to 1e-15.
HALVINGS = 50


def log_evidence(count: ArrayLike, rows: ArrayLike, share: ArrayLike) -> Floats:
    """Return the logarithm of the martingale at a share: how much speaks against it.

    Args:
        count: rows that count, of each look.
        rows: all rows, of each look.
        share: 0 to 1, of each look.

    """
    k, n, p = (np.asarray(values, dtype=np.float64) for values in (count, rows, share))
    mixture = betaln(PRIOR[0] + k, PRIOR[1] + n - k) - betaln(*PRIOR)
    return np.asarray(mixture - xlogy(k, p) - xlog1py(n - k, -p))


def interval(count: int, rows: int, error: float) -> tuple[float, float]:
    """Return the lowest and the highest share that is not refuted at the level ``error``."""
    if not rows:
        return 0.0, 1.0
    bound, middle = -np.log(error), count / rows  # the share against which the least speaks
    low, high = _end(count, rows, bound, middle, 0.0), _end(count, rows, bound, middle, 1.0)
    return low, high


def verdict(count: int, rows: int, at_least: float, error: float) -> Verdict:
    """Return whether the share is shown to be at least so great, or to be smaller, or neither."""
    low, high = interval(count, rows, error)
    if low >= at_least:
        return "agrees"
    return "disagrees" if high < at_least else "keep watching"


def _end(count: int, rows: int, bound: float, inside: float, outside: float) -> float:
    """Return where the evidence reaches its bound between a share that holds and an end of all."""
    if log_evidence(count, rows, outside) < bound:
        return outside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if log_evidence(count, rows, middle) < bound:
            inside = middle
        else:
            outside = middle
    # The outer one: rounding makes no interval narrower than it may be.
    return outside
