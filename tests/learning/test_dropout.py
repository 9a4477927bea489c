"""The cheap dropout drops as often as it says, keeps expectations, and is drawn from the seed."""

from __future__ import annotations

import torch
from torch import nn

from assay.learning.dropout import ByteDropout, replace_dropout


def test_drops_the_share_it_names_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    values = ByteDropout(0.1)(torch.ones(400, 1001))
    dropped = float((values == 0).float().mean())
    assert abs(dropped - 26 / 256) < 0.003
    assert abs(float(values.mean()) - 1) < 0.003


def test_equal_seeds_give_equal_masks() -> None:
    layer = ByteDropout(0.5)
    torch.manual_seed(3)
    first = layer(torch.ones(7, 13))
    torch.manual_seed(3)
    assert torch.equal(layer(torch.ones(7, 13)), first)
    assert not torch.equal(layer(torch.ones(7, 13)), first)


def test_gradients_pass_where_values_passed() -> None:
    torch.manual_seed(0)
    values = torch.ones(50, requires_grad=True)
    kept = ByteDropout(0.5)(values)
    kept.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, kept.detach())


def test_changes_nothing_in_evaluation_and_keeps_the_type() -> None:
    values = torch.randn(5, 5, dtype=torch.bfloat16)
    layer = ByteDropout(0.5)
    assert layer(values).dtype == torch.bfloat16
    assert torch.equal(layer.eval()(values), values)


def test_replaces_every_dropout_and_nothing_else() -> None:
    model = nn.Sequential(
        nn.Linear(2, 2), nn.Dropout(0.3), nn.Sequential(nn.Dropout(0.1), nn.ReLU())
    )
    weights = model.state_dict().keys()
    replace_dropout(model)
    assert [type(m).__name__ for m in model.modules() if "Dropout" in type(m).__name__] == [
        "ByteDropout",
        "ByteDropout",
    ]
    assert model.state_dict().keys() == weights
