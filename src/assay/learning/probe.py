"""A linear probe: multinomial logistic regression on the features of a frozen network.

Reads and writes nothing. The penalised mean cross entropy is convex, and is brought to its optimum
by L-BFGS; Kumar et al., "Fine-tuning can distort pretrained features and underperform
out-of-distribution", ICLR 2022, start fine-tuning from it. Equal features and threads give equal
bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

if TYPE_CHECKING:
    from collections.abc import Callable

# Of the squared weights (of standardised features), from the simplest head to the freest.
PENALTIES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
MOST_STEPS, HISTORY = 300, 20
GRADIENT_TOLERANCE = 1e-5
# A feature whose deviation is less than this share of the median one is taken for a constant, and
# gets no weight: a large one would upset the logits as soon as fine-tuning moves the feature.
SMALLEST_SPREAD = 0.01


@dataclass(frozen=True)
class Probe:
    """A linear classifier on features as they come.

    Attributes:
        weight: float32 of shape (classes, features).
        bias: float32 of shape (classes,).

    """

    weight: torch.Tensor
    bias: torch.Tensor

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Return (rows, classes) of (rows, features)."""
        return torch.nn.functional.linear(features, self.weight, self.bias)


@dataclass(frozen=True)
class Fitted:
    """A probe, the penalty that was chosen, and its score on the validation rows."""

    probe: Probe
    penalty: float
    score: float


def fit(
    features: torch.Tensor,
    targets: torch.Tensor,
    classes: int,
    validation: torch.Tensor,
    score: Callable[[torch.Tensor], float],
) -> Fitted:
    """Fit a probe for each of :data:`PENALTIES`; return the best, of equals the simplest.

    Args:
        features: float32 of shape (rows, features).
        targets: class numbers (rows,), or target probabilities (rows, classes).
        classes: how many there are.
        validation: the features of the validation rows.
        score: of the validation rows' logits (rows, classes); higher is better.

    """
    mean, spread = features.mean(0), features.std(0)
    spread[spread < SMALLEST_SPREAD * spread.median()] = torch.inf
    standardised = (features - mean) / spread
    weight = torch.zeros(classes, features.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    best: Fitted | None = None
    for penalty in PENALTIES:
        # Each starts from the one before: the optimum moves little.
        _minimise(standardised, targets, weight, bias, penalty)
        with torch.no_grad():
            scaled = weight / spread
            probe = Probe(scaled.clone(), bias - scaled @ mean)
            found = Fitted(probe, penalty, score(probe.logits(validation)))
        if best is None or found.score > best.score:
            best = found
    if best is None:
        raise ValueError("no penalty to try")
    return best


def _minimise(
    features: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    penalty: float,
) -> None:
    """Move ``weight`` and ``bias`` to the least of mean cross entropy + penalty / 2 |weight|^2."""
    solver = torch.optim.LBFGS(
        [weight, bias],
        max_iter=MOST_STEPS,
        history_size=HISTORY,
        tolerance_grad=GRADIENT_TOLERANCE,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        solver.zero_grad()
        logits = torch.nn.functional.linear(features, weight, bias)
        loss = cross_entropy(logits, targets) + penalty / 2 * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    solver.step(closure)  # type: ignore[no-untyped-call]
