from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from assay.tasks.text_generation.layers import (
    Attention,
    GatedMlp,
    RootMeanSquareNorm,
    Rotation,
    rotations,
)
from assay.tasks.text_generation.sizes import Sizes

SIZES = Sizes(vocabulary=10, layers=1, heads=4, width=32, context=50, kv_heads=2)


def _at(rotation: Rotation, place: int) -> Rotation:
    return Rotation(rotation.cosines[place : place + 1], rotation.sines[place : place + 1])


def test_a_product_of_query_and_key_knows_their_distance_alone() -> None:
    torch.manual_seed(1)
    query, key = torch.randn(2, 1, 1, 1, SIZES.head_size)
    rotation = rotations(SIZES)

    def product(of_query: int, of_key: int) -> float:
        return float((_at(rotation, of_query)(query) * _at(rotation, of_key)(key)).sum())

    for distance in (0, 1, 17):
        expected = product(distance, 0)
        for place in (1, 13, 32):
            assert product(place + distance, place) == pytest.approx(expected, abs=1e-5)
    assert product(0, 0) == pytest.approx(float((query * key).sum()), abs=1e-6)
    assert abs(product(9, 0) - product(0, 9)) > 1e-3, "before and behind differ"


def test_a_rotation_turns_each_pair_by_its_angle() -> None:
    size, place = SIZES.head_size, 7
    vector = torch.zeros(1, 1, 1, size)
    vector[..., 1] = 1.0
    found = _at(rotations(SIZES), place)(vector).flatten()
    angle = place * SIZES.theta ** (-2 / size)
    assert found[1] == pytest.approx(math.cos(angle))
    assert found[1 + size // 2] == pytest.approx(math.sin(angle))
    assert int((found != 0).sum()) == 2


def test_the_norm_is_that_of_torch() -> None:
    torch.manual_seed(2)
    norm = RootMeanSquareNorm(32, 1e-5)
    torch.nn.init.normal_(norm.weight)
    states = torch.randn(3, 5, 32) * 10
    expected = functional.rms_norm(states, (32,), norm.weight, 1e-5)
    torch.testing.assert_close(norm(states), expected)
    assert torch.isfinite(norm(torch.zeros(1, 32))).all()


def test_the_mlp_is_gated() -> None:
    torch.manual_seed(3)
    mlp = GatedMlp(SIZES)
    states = torch.randn(4, 32)
    gate, up = states @ mlp.gate.weight.T, states @ mlp.up.weight.T
    expected = (gate * torch.sigmoid(gate) * up) @ mlp.down.weight.T
    torch.testing.assert_close(mlp(states), expected)


def test_nothing_has_a_bias() -> None:
    for layer in (Attention(SIZES), GatedMlp(SIZES), RootMeanSquareNorm(32, 1e-5)):
        assert {name.rpartition(".")[2] for name, _ in layer.named_parameters()} == {"weight"}
