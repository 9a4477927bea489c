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
    def fit(cls, signals: Sequence[Floats], right: Sequence[int], none: float) -> Logit:
        """Fit on choices, float64 (n, signals) each, of which alternative ``right[k]`` is right.

        Each comes twice: as it is, and without that alternative, when none is right. The latter
        together weigh a share ``none`` of all.
        """
        rows = np.stack([_with_none(one) for one in signals])  # (choices, n + 1, signals + 1)
        both, chosen = np.concatenate([rows, rows]), np.array([*right, *(-1 for _ in right)])
        gone = np.zeros(both.shape[:2], dtype=bool)
        gone[np.arange(len(rows), len(both)), np.array(right)] = True
        choices = _Choices(both, gone, chosen, np.repeat([1 - none, none], len(rows)))
        weights = np.zeros(rows.shape[2])
        for _ in range(STEPS):
            loss, shares = choices.loss(weights)
            step = choices.newton(weights, shares)
            # A whole step may go too far where the shares are near 0 or 1.
            while choices.loss(weights - step)[0] > loss and np.abs(step).max() > NEAR:
                step = step / 2
            weights = weights - step
            if np.abs(step).max() <= NEAR:
                break
        return cls(tuple(weights[:-1].tolist()), float(weights[-1]))


@dataclass(frozen=True)
class _Choices:
    """What the weights are fitted on.

    Attributes:
        rows: float64 (choices, n + 1, signals + 1), of each alternative, and last of none.
        gone: which alternatives are not there, (choices, n + 1).
        chosen: the place of the right one, (choices,).
        counts: how much each choice counts, (choices,).

    """

    rows: Floats
    gone: Flags
    chosen: Places
    counts: Floats

    def loss(self, weights: Floats) -> tuple[float, Floats]:
        """Return the penalised negative log likelihood, and the probabilities (choices, n + 1)."""
        exponents = np.where(self.gone, -np.inf, self.rows @ weights)
        exponents = exponents - exponents.max(axis=1, keepdims=True)
        totals = np.log(np.exp(exponents).sum(axis=1))
        missed = totals - exponents[np.arange(len(exponents)), self.chosen]
        loss = float(self.counts @ missed + RIDGE / 2 * weights @ weights)
        return loss, np.exp(exponents - totals[:, None])

    def newton(self, weights: Floats, shares: Floats) -> Floats:
        """Return the step that Newton's method takes off the weights."""
        means = np.einsum("cn,cns->cs", shares, self.rows)
        right = self.rows[np.arange(len(self.rows)), self.chosen]
        gradient = self.counts @ (means - right) + RIDGE * weights
        squares = np.einsum("c,cn,cns,cnt->st", self.counts, shares, self.rows, self.rows)
        spread = squares - (means * self.counts[:, None]).T @ means
        return np.asarray(np.linalg.solve(spread + RIDGE * np.eye(len(weights)), gradient))


def _with_none(signals: Floats) -> Floats:
    """Return signals with one more row for *none*, and one more column, which is 1 there alone."""
    found = np.zeros((signals.shape[0] + 1, signals.shape[1] + 1))
    found[:-1, :-1] = signals
    found[-1, -1] = 1.0
    return found
