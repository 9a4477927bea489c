from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.gateways.onnx.dynamic import LARGEST_WEIGHT

if TYPE_CHECKING:
    from typing import Any

    Array = np.ndarray[Any, Any]

pytestmark = pytest.mark.processor

WIDTH = 64


class Layers(torch.nn.Module):
    """Two layers on each position, one of them without bias, and a head on their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Linear(WIDTH, 2 * WIDTH)
        self.outer = torch.nn.Linear(2 * WIDTH, WIDTH, bias=False)
        self.head = torch.nn.Linear(WIDTH, 3)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        found = self.outer(torch.nn.functional.gelu(self.inner(states)))
        answer: torch.Tensor = self.head((found @ found.transpose(1, 2) @ found).mean(1))
        return answer


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    torch.manual_seed(3)
    states = torch.zeros(2, 5, WIDTH)
    names = {0: "batch", 1: "length"}
    return gateway.from_torch(Layers(), {"states": states}, {"states": names}, ["logits"])


@pytest.fixture(scope="module")
def small(graph: onnx.ModelProto) -> onnx.ModelProto:
    return gateway.quantize_dynamic(graph)


def _states(batch: int, length: int, seed: int = 0) -> Array:
    found = np.random.default_rng(seed).normal(size=(batch, length, WIDTH)).astype(np.float32)
    # Rows of very different sizes, as neighbours may be.
    found *= np.geomspace(0.01, 100, batch).astype(np.float32)[:, None, None]
    return found


def _run(model: onnx.ModelProto, states: Array) -> Array:
    return Session(gateway.serialize(model, {}), 1).run({"states": states})


def test_products_by_weights_are_int8_and_all_else_is_not(
    graph: onnx.ModelProto, small: onnx.ModelProto
) -> None:
    operators = [node.op_type for node in small.graph.node]
    assert operators.count("MatMulIntegerToFloat") == 2
    assert operators.count("MatMul") == 2, "of two activations"
    assert [n.op_type for n in small.graph.node if "logits" in n.output] == ["Gemm"], "the head"
    kinds = {one.name: one.data_type for one in small.graph.initializer}
    weights = [node.input[1] for node in small.graph.node if node.op_type == "MatMulIntegerToFloat"]
    assert {kinds[name] for name in weights} == {onnx.TensorProto.INT8}
    assert len(small.SerializeToString()) < 0.45 * len(graph.SerializeToString())


def test_products_that_are_kept_stay_in_fp32(graph: onnx.ModelProto) -> None:
    weights = dict(gateway.product_weights(graph))
    assert [each.shape for each in weights.values()] == [(WIDTH, 2 * WIDTH), (2 * WIDTH, WIDTH)]
    counts = []
    for kept in ([], list(weights)[:1], list(weights)):
        nodes = gateway.quantize_dynamic(graph, kept).graph.node
        counts.append([node.op_type for node in nodes].count("MatMulIntegerToFloat"))
    assert counts == [2, 1, 0]


def test_what_it_was_given_stays(graph: onnx.ModelProto) -> None:
    before = graph.SerializeToString(deterministic=True)
    first, second = (gateway.serialize(gateway.quantize_dynamic(graph), {}) for _ in range(2))
    assert first == second
    assert graph.SerializeToString(deterministic=True) == before


def test_answers_are_near(graph: onnx.ModelProto, small: onnx.ModelProto) -> None:
    states = _states(1, 6)
    full, quick = (_run(model, states) for model in (graph, small))
    assert not np.array_equal(full, quick)
    np.testing.assert_allclose(quick, full, rtol=0.05, atol=0.02)


def test_a_row_does_not_depend_on_its_neighbours(small: onnx.ModelProto) -> None:
    states = _states(8, 6)
    alone = np.concatenate([_run(small, states[row : row + 1]) for row in range(8)])
    np.testing.assert_allclose(_run(small, states), alone, rtol=1e-5, atol=1e-5)


def test_one_row_and_many_are_answered_alike(small: onnx.ModelProto) -> None:
    states = _states(64, 6)
    together = _run(small, states)
    for row in (0, 31, 63):
        np.testing.assert_allclose(_run(small, states[row : row + 1])[0], together[row], rtol=1e-5)


def test_a_bias_is_added_after_the_scale_of_a_row(
    graph: onnx.ModelProto, small: onnx.ModelProto
) -> None:
    """Whatever onnxruntime fuses: rows of a hundredth and of a hundred times the size agree."""
    states = _states(8, 6)
    full, quick = _run(graph, states), _run(small, states)
    sizes = np.abs(full).max(axis=1)
    assert (np.abs(quick - full).max(axis=1) < 0.05 * sizes).all()


def test_a_row_of_zeros_is_no_division_by_zero(small: onnx.ModelProto) -> None:
    assert np.isfinite(_run(small, np.zeros((2, 3, WIDTH), dtype=np.float32))).all()


def test_no_sum_of_two_products_leaves_sixteen_bits(small: onnx.ModelProto) -> None:
    stored = {one.name: numpy_helper.to_array(one) for one in small.graph.initializer}
    for node in small.graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            weights = stored[node.input[1]].astype(int)
            assert np.abs(weights).max(axis=0).min() == LARGEST_WEIGHT, "each column in full"
            pairs = np.abs(weights[0::2]) + np.abs(weights[1::2])
            assert 255 * pairs.max() < 2**15


def test_the_integers_are_those_of_the_formula(graph: onnx.ModelProto) -> None:
    """The graph's product beside numpy's, with every scale found anew."""
    layer = torch.nn.Linear(WIDTH, 4)
    both = torch.nn.Sequential(layer, torch.nn.Identity())

    class Doubled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.both = both

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = self.both(states) * 2
            return answer

    states = torch.zeros(2, WIDTH)
    plain = gateway.from_torch(Doubled(), {"states": states}, {"states": {0: "batch"}}, ["logits"])
    given = np.random.default_rng(7).normal(size=(5, WIDTH)).astype(np.float32)
    found = _run(gateway.quantize_dynamic(plain), given)
    weight = layer.weight.detach().numpy().T.astype(np.float64)
    scale = np.abs(given.astype(np.float64)).max(1, keepdims=True) / 127
    step = np.abs(weight).max(0) / LARGEST_WEIGHT
    product = np.round(given / scale) @ np.round(weight / step)
    expected = 2 * (product * scale * step + layer.bias.detach().numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
