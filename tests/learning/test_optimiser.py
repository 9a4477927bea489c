from __future__ import annotations

import pytest
import torch

from assay.learning.optimiser import adamw, warmup_then_cosine, warmup_then_linear

pytestmark = pytest.mark.processor


def test_biases_and_normalisation_do_not_decay() -> None:
    model = torch.nn.Sequential(
        torch.nn.Embedding(5, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 3)
    )
    model[0].weight.requires_grad_(False)
    optimiser = adamw(model, 0.1, 0.3)
    decays = {
        id(parameter): group["weight_decay"]
        for group in optimiser.param_groups
        for parameter in group["params"]
    }
    named = {name: decays.get(id(value)) for name, value in model.named_parameters()}
    assert named == {
        "0.weight": None,  # frozen
        "1.weight": 0.0,
        "1.bias": 0.0,
        "2.weight": 0.3,
        "2.bias": 0.0,
    }


def test_decay_shrinks_weights_by_the_rate_alone() -> None:
    model = torch.nn.Linear(2, 2)
    before = model.weight.detach().clone()
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    adamw(model, 0.1, 0.5).step()
    torch.testing.assert_close(model.weight.detach(), before * (1 - 0.1 * 0.5))


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 157, 1000])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.5, 0.99])
def test_the_rate_rises_once_falls_once_and_ends_at_nothing(steps: int, warmup: float) -> None:
    shares = [warmup_then_linear(step, steps, warmup) for step in range(steps + 1)]
    assert shares[-1] == 0.0
    assert all(0 < share <= 1 for share in shares[:-1])
    assert max(shares) == 1.0
    peak = shares.index(1.0)
    assert shares[: peak + 1] == sorted(shares[: peak + 1])
    assert shares[peak:] == sorted(shares[peak:], reverse=True)
    assert peak + 1 == max(1, round(steps * warmup))


def test_the_shape_is_two_straight_lines() -> None:
    shares = [warmup_then_linear(step, 100, 0.1) for step in range(100)]
    assert shares[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert shares[10:] == pytest.approx([(100 - step) / 90 for step in range(10, 100)])


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 157, 1000])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
def test_the_cosine_rises_once_falls_once_and_ends_at_its_final_share(
    steps: int, warmup: float, final: float
) -> None:
    shares = [warmup_then_cosine(step, steps, warmup, final) for step in range(steps + 2)]
    rising = max(1, round(steps * warmup))
    assert shares[:rising] == pytest.approx([(k + 1) / rising for k in range(rising)])
    assert all(0 < share <= 1 for share in shares[:steps])
    if rising < steps:
        assert shares[rising] == 1.0
    assert shares[rising:] == sorted(shares[rising:], reverse=True)
    assert shares[-1] == pytest.approx(final if rising <= steps else shares[-2], abs=1e-12)


def test_half_way_down_a_cosine_the_rate_is_half_way_down() -> None:
    shares = [warmup_then_cosine(step, 110, 10 / 110, 0.2) for step in range(111)]
    assert shares[60] == pytest.approx(0.6)
    assert shares[10 + 25] == pytest.approx(0.2 + 0.8 * (1 + 0.5**0.5) / 2)
    assert shares[110] == pytest.approx(0.2)
