"""Muon for the matrices of a transformer's blocks, AdamW for all else, at one learning rate.

Reads and writes nothing. With gradient g, momentum mu, learning rate r and weight decay d, a matrix
W of m by n becomes

    m <- mu * m + g
    W <- (1 - r d) W - r * 0.2 sqrt(max(m, n)) * orthogonal(g + mu * m)

The factor gives the update the root mean square that AdamW's usually has, so that both learn at
rates of one scale (Liu et al., "Muon is scalable for LLM training", 2025, section 2.2). Embeddings,
the head and weights of one dimension learn by AdamW (Loshchilov and Hutter, ICLR 2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from assay.learning.muon import orthogonal

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

MOMENTUM, BETAS, EPSILON = 0.95, (0.9, 0.95), 1e-8
# Of the orthogonal update, to the root mean square of AdamW's.
SCALE = 0.2
ITERATIONS = 5


class MuonAdamW(torch.optim.Optimizer):
    """One optimiser over two kinds of groups, told apart by ``orthogonal``."""

    def __init__(
        self,
        groups: list[dict[str, Any]],
        learning_rate: float,
        arithmetic: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(groups, {"lr": learning_rate, "weight_decay": 0.0, "orthogonal": False})
        self._arithmetic = arithmetic

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step; ``closure`` is never called."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                update = self._orthogonal if group["orthogonal"] else self._adam
                weight.add_(update(weight, weight.grad), alpha=-group["lr"])

    def _orthogonal(self, weight: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"].mul_(MOMENTUM).add_(gradient)
        scale = SCALE * max(weight.shape) ** 0.5
        update = gradient.add(momentum, alpha=MOMENTUM).to(self._arithmetic)
        return orthogonal(update, ITERATIONS).to(weight.dtype).mul_(scale)

    def _adam(self, weight: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())
            state["first"], state["second"] = torch.zeros_like(weight), torch.zeros_like(weight)
        state["step"] += 1
        steps = float(state["step"])
        first = state["first"].lerp_(gradient, 1 - BETAS[0])
        second = state["second"].mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        size = (second / (1 - BETAS[1] ** steps)).sqrt_().add_(EPSILON)
        update: torch.Tensor = first / (1 - BETAS[0] ** steps) / size
        return update


def muon_adamw(
    model: nn.Module,
    blocks: nn.Module,
    learning_rate: float,
    weight_decay: float,
    *,
    in_bf16: bool = False,
) -> MuonAdamW:
    """Return the optimiser of a model whose ``blocks``, a part of it, hold the matrices for Muon.

    Weights of one dimension do not decay. ``in_bf16``: whether updates are made orthogonal in
    bfloat16, which is precise enough (Jordan et al. 2024) and several times as fast where the
    processor multiplies it; all sums stay fp32.
    """
    inner = {id(weight) for weight in blocks.parameters() if weight.ndim == 2}
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    groups: list[dict[str, Any]] = [
        {
            "params": [w for w in trained if id(w) in inner],
            "weight_decay": weight_decay,
            "orthogonal": True,
        },
        {
            "params": [w for w in trained if id(w) not in inner and w.ndim > 1],
            "weight_decay": weight_decay,
        },
        {"params": [w for w in trained if w.ndim <= 1]},
    ]
    arithmetic = torch.bfloat16 if in_bf16 else torch.float32
    return MuonAdamW([group for group in groups if group["params"]], learning_rate, arithmetic)
