"""How much a decoder's loss depends on the rounding of a layer's product to int8.

Reads and writes nothing but what it is given. Of a layer whose output is y at a place of a text and
z in int8, with g the gradient of the loss with respect to y, g (z - y) is by how much the loss
changes, to first order. Its square, summed over all places, is the layer's sensitivity; changes of
either sign count, for on other texts they are others. (Squared gradients as weights of errors are
the empirical Fisher information: LeCun et al., "Optimal brain damage", NeurIPS 1989.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from assay.gateways.onnx.dynamic import LARGEST_ACTIVATION, LARGEST_WEIGHT, SMALLEST_MAXIMUM

if TYPE_CHECKING:
    import numpy as np

    from assay.tasks.text_generation.network import Decoder


def sensitivities(model: Decoder, rows: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return the sensitivity of each linear layer, by its name in the network.

    ``rows`` are token ids (rows, length), int64, each read by itself. The network's gradients are
    cleared.
    """
    found: dict[str, float] = {}
    hooks = [
        layer.register_forward_hook(_Watch(name, found))
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear)
    ]
    model.eval()
    for row in torch.from_numpy(rows):
        logits = model(row[None, :-1])[0]
        functional.cross_entropy(logits, row[1:], reduction="sum").backward()  # type: ignore[no-untyped-call]
        model.zero_grad()
    for hook in hooks:
        hook.remove()
    return found


class _Watch:
    """Adds to ``found`` what a layer's product in int8 would change, when its gradient is known."""

    def __init__(self, name: str, found: dict[str, float]) -> None:
        self._name, self._found = name, found
        self._weight: torch.Tensor | None = None

    def __call__(
        self, layer: nn.Linear, inputs: tuple[torch.Tensor, ...], output: torch.Tensor
    ) -> None:
        with torch.no_grad():
            if self._weight is None:
                self._weight = rounded(layer.weight, LARGEST_WEIGHT)
            changed = functional.linear(
                rounded(inputs[0], LARGEST_ACTIVATION), self._weight, layer.bias
            )
            change = changed - output
        self._found.setdefault(self._name, 0.0)

        def add(gradient: torch.Tensor) -> None:
            self._found[self._name] += float((gradient * change).sum(dim=-1).square().sum())

        output.register_hook(add)  # type: ignore[no-untyped-call]


def rounded(values: torch.Tensor, largest: int) -> torch.Tensor:
    """Return values (rows, numbers) as whole multiples of their row's step, as decision 14's int8.

    A row's step is its greatest number, either way, over ``largest``.
    """
    step = values.abs().amax(dim=-1, keepdim=True).clamp(min=SMALLEST_MAXIMUM) / largest
    return (values / step).round() * step
