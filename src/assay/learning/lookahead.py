"""Lookahead: slow weights that follow the fast ones, and to which these return.

Reads and writes nothing. Zhang et al., "Lookahead optimizer: k steps forward, 1 step back",
NeurIPS 2019; the slow weights weigh more towards the end, as in Jordan 2024.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

EVERY = 5
# What the slow weights keep of themselves at the last turn.
KEPT = 0.95**EVERY


class Lookahead:
    """The slow copy of every floating-point tensor of a model, batch statistics included."""

    def __init__(self, model: nn.Module, steps: int) -> None:
        self._steps = steps
        self._fast = {
            name: value for name, value in model.state_dict().items() if value.is_floating_point()
        }
        self.slow = {name: value.detach().clone() for name, value in self._fast.items()}

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """Interpolate slow and fast weights, if it is their turn after step ``step`` (from 1)."""
        if step % EVERY and step != self._steps:
            return
        kept = KEPT * (step / self._steps) ** 3
        for name, fast in self._fast.items():
            self.slow[name].lerp_(fast, 1 - kept)
            fast.copy_(self.slow[name])

    @torch.no_grad()
    def load(self, slow: dict[str, torch.Tensor]) -> None:
        """Restore the slow weights of an interrupted run."""
        for name, value in slow.items():
            self.slow[name].copy_(value)
