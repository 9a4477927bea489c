from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from assay.gateways.onnx.dynamic import LARGEST_ACTIVATION, LARGEST_WEIGHT
from assay.tasks.text_generation.sensitivity import rounded, sensitivities
from tests.tasks.text_generation import made

pytestmark = pytest.mark.processor

LAYER = "blocks.0.mlp.up"


def test_each_layer_has_a_sensitivity_and_the_network_is_left_as_it_was() -> None:
    model = made.decoder()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    found = sensitivities(model, np.array([made.ids(made.TEXT[:30]), made.ids(made.TEXT[30:60])]))
    assert set(found) == {
        name
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and name != "head"
    }
    assert all(value > 0 for value in found.values())
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())
    hooks = [layer._forward_hooks for layer in model.modules()]
    assert not any(hooks)


def test_at_one_place_it_is_the_square_of_the_change_of_the_loss() -> None:
    """Beside the loss with the rounding added, and with it taken away."""
    model = made.decoder()
    text = made.ids("th")
    found = sensitivities(model, np.array([text]))[LAYER]
    layer = model.get_submodule(LAYER)
    assert isinstance(layer, nn.Linear)

    def loss(share: float) -> float:
        def change(own: nn.Linear, inputs: tuple[torch.Tensor, ...], output: torch.Tensor):  # type: ignore[no-untyped-def]
            product = functional.linear(
                rounded(inputs[0], LARGEST_ACTIVATION), rounded(own.weight, LARGEST_WEIGHT)
            )
            return output + share * (product - output)

        hook = layer.register_forward_hook(change)
        with torch.inference_mode():
            logits = model(torch.tensor([text[:1]]))[0].double()
            nats = float(functional.cross_entropy(logits, torch.tensor(text[1:])))
        hook.remove()
        return nats

    slope = (loss(1.0) - loss(-1.0)) / 2
    assert found == pytest.approx(slope**2, rel=0.05)


def test_rounding_is_that_of_the_graph() -> None:
    values = torch.tensor([[1.0, -127.0, 0.4, 0.6], [0.0, 0.0, 0.0, 0.0]])
    expected = torch.tensor([[1.0, -127.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(rounded(values, LARGEST_ACTIVATION), expected)
