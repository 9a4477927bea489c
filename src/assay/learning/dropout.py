"""Dropout whose masks cost an eighth of the random numbers.

Reads and writes nothing. ``torch.nn.Dropout`` draws one Bernoulli number an element, which took an
eighth of a training step on two processor cores. Here one 64-bit draw makes eight masks, a byte
each: an element is kept when its byte reaches a bound. Probabilities are therefore multiples of
1/256 (0.1 becomes 26/256); kept elements are scaled by exactly that, so expectations hold.
Srivastava et al., "Dropout", JMLR 2014.
"""

from __future__ import annotations

import torch
from torch import nn

STEPS = 256


class ByteDropout(nn.Module):
    """Zero elements with a probability of ``p``, rounded to 1/256, while training."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self._dropped = round(p * STEPS)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the same shape and type."""
        if not self.training or self._dropped == 0:
            return values
        draws = torch.empty(-(-values.numel() // 8), dtype=torch.int64, device=values.device)
        # From the whole range of 64 bits, so that each byte is uniform.
        draws.random_(-(2**63), None)
        kept = draws.view(torch.uint8)[: values.numel()].view(values.shape) >= self._dropped
        return values * (kept.to(values.dtype) * (STEPS / (STEPS - self._dropped)))


def replace_dropout(model: nn.Module) -> None:
    """Replace each ``nn.Dropout`` below ``model`` by a :class:`ByteDropout` of the same ``p``."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Dropout:
                setattr(parent, name, ByteDropout(child.p))
