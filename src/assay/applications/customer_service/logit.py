"""The probability of each alternative by its signals: a conditional logit with *none of them*.

Reads and writes nothing. P(i) is proportional to exp(w · signals of i), that of *none* to exp(b)
(McFadden, "Conditional logit analysis of qualitative choice behavior", 1974). Fitted by Newton's
method on the penalised likelihood, which is convex: equal signals give equal weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    Flags = np.ndarray[Any, np.dtype[np.bool_]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Places = np.ndarray[Any, np.dtype[np.intp]]

RIDGE, STEPS, NEAR = 1e-2, 100, 1e-9


@dataclass(frozen=True)
class Logit:
    """Fitted weights.

    Attributes:
        weights: of the signals.
        none: the exponent of *none of them*.

    """

    weights: tuple[float, ...]
    none: float

    def probabilities(self, signals: Floats, gone: int | None = None) -> Floats:
        """Return the probability of each alternative, and last of none, float64 (n + 1,).

        ``signals`` are float64 (n, signals); the alternative ``gone`` is not there, and gets 0.
        """
        exponents = np.append(signals @ np.array(self.weights), self.none)
        if gone is not None:
            exponents[gone] = -np.inf
        found = np.exp(exponents - exponents.max())
        return np.asarray(found / found.sum())

    @classmethod
    def fit(cls, signals: Sequence[Floats], right: Sequence[int]) -> Logit:
        """Fit on choices, float64 (n, signals) each, of which alternative ``right[k]`` is right.

        Each counts twice: as it is, and without that alternative, when none is right.
        """
        rows = np.stack([_with_none(one) for one in signals])  # (choices, n + 1, signals + 1)
        both, chosen = np.concatenate([rows, rows]), np.array([*right, *(-1 for _ in right)])
        gone = np.zeros(both.shape[:2], dtype=bool)
        gone[np.arange(len(rows), len(both)), np.array(right)] = True
        weights = np.zeros(rows.shape[2])
        for _ in range(STEPS):
            loss, shares = _loss(both, gone, chosen, weights)
            step = _newton(both, shares, chosen, weights)
            # A whole step may go too far where the shares are near 0 or 1.
            while _loss(both, gone, chosen, weights - step)[0] > loss and np.abs(step).max() > NEAR:
                step = step / 2
            weights = weights - step
            if np.abs(step).max() <= NEAR:
                break
        return cls(tuple(weights[:-1].tolist()), float(weights[-1]))


def _loss(rows: Floats, gone: Flags, chosen: Places, weights: Floats) -> tuple[float, Floats]:
    """Return the penalised negative log likelihood, and the probabilities, (choices, n + 1)."""
    exponents = np.where(gone, -np.inf, rows @ weights)
    exponents = exponents - exponents.max(axis=1, keepdims=True)
    totals = np.log(np.exp(exponents).sum(axis=1))
    loss = (totals - exponents[np.arange(len(rows)), chosen]).sum()
    return float(loss + RIDGE / 2 * weights @ weights), np.exp(exponents - totals[:, None])


def _newton(rows: Floats, shares: Floats, chosen: Places, weights: Floats) -> Floats:
    """Return the step that Newton's method takes off the weights."""
    means = np.einsum("cn,cns->cs", shares, rows)
    right = rows[np.arange(len(rows)), chosen]
    gradient = (means - right).sum(axis=0) + RIDGE * weights
    squares = np.einsum("cn,cns,cnt->st", shares, rows, rows)
    curvature = squares - means.T @ means + RIDGE * np.eye(len(weights))
    return np.asarray(np.linalg.solve(curvature, gradient))


def _with_none(signals: Floats) -> Floats:
    """Return signals with one more row for *none*, and one more column, which is 1 there alone."""
    found = np.zeros((signals.shape[0] + 1, signals.shape[1] + 1))
    found[:-1, :-1] = signals
    found[-1, -1] = 1.0
    return found
