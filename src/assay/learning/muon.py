"""Muon: SGD with momentum whose update is orthogonalised, for filters; Nesterov's SGD for the rest.

Reads and writes nothing. With gradient g, momentum mu and learning rate r, a filter W (a matrix of
one row an output) becomes

    m <- mu * m + g
    W <- W - r * orthogonal(g + mu * m)

where ``orthogonal(G)`` approximates U V^T of the singular value decomposition G = U S V^T. Jordan
et al., "Muon: an optimizer for hidden layers", 2024.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Coefficients (a, b, c) of the iteration X <- a X + (b A + c A A) X, A = X X^T, which brings all
# singular values near 1 in few steps (Jordan et al. 2024).
QUINTIC = (3.4445, -4.7750, 2.0315)
ITERATIONS = 3


class Muon(torch.optim.Optimizer):
    """One optimiser over two kinds of groups, told apart by ``orthogonal``.

    An orthogonal group holds weights of two or more dimensions, each taken as a matrix of one row
    an output; with ``normalised`` each weight is first scaled to a root mean square norm of one a
    row, which is right for what a batch norm follows, and for nothing else. The other groups learn
    by SGD with Nesterov momentum. ``weight_decay`` is added to the gradient, to SGD groups alone.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], momentum: float) -> None:
        given = {"momentum": momentum, "weight_decay": 0.0, "orthogonal": False}
        super().__init__(list(groups), {"lr": 0.0, "normalised": False, **given})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step; ``closure`` is never called."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._learn(weight, group)

    def _learn(self, weight: torch.Tensor, group: dict[str, Any]) -> None:
        if weight.grad is None:
            return
        gradient = weight.grad
        if group["weight_decay"] and not group["orthogonal"]:
            gradient = gradient.add(weight, alpha=group["weight_decay"])
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"].mul_(group["momentum"]).add_(gradient)
        update = gradient.add(momentum, alpha=group["momentum"])
        if group["orthogonal"]:
            update = orthogonal(update.reshape(len(update), -1)).reshape(update.shape)
            if group["normalised"]:
                # As a matrix: a sum over another layout in memory would be another sum.
                weight.mul_(len(weight) ** 0.5 / weight.reshape(len(weight), -1).norm())
        weight.add_(update, alpha=-group["lr"])


def orthogonal(matrix: torch.Tensor, iterations: int = ITERATIONS) -> torch.Tensor:
    """Return a matrix of the same shape and singular vectors, its singular values near 1.

    The Newton-Schulz iteration of degree five, started from the matrix over its Frobenius norm:
    matrix products alone, no decomposition. More ``iterations`` bring the values nearer to 1.
    """
    a, b, c = QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    found = matrix.T if tall else matrix
    found = found / (found.norm() + 1e-7)
    for _ in range(iterations):
        square = found @ found.T
        found = a * found + (b * square + c * square @ square) @ found
    answer: torch.Tensor = found.T if tall else found
    return answer
