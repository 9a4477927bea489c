from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from assay.bundle.session import Session
from assay.gateways import onnx as gateway

if TYPE_CHECKING:
    from typing import Any

    Array = np.ndarray[Any, Any]

pytestmark = pytest.mark.processor

ROWS, WIDTH = 50, 16


class Sums(torch.nn.Module):
    """The sum of rows of one table that is looked up twice, and of another, through a head."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Embedding(ROWS, WIDTH), torch.nn.Embedding(ROWS, WIDTH)
        with torch.no_grad():
            self.first.weight[0] = 0
            self.first.weight[1] *= 100
        self.head = torch.nn.Linear(WIDTH, 3)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        states = self.first(ids) + self.first(ids.flip(1)) + self.second(ids)
        answer: torch.Tensor = self.head(states.sum(1))
        return answer


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    torch.manual_seed(3)
    ids = torch.ones((2, 5), dtype=torch.int64)
    return gateway.from_torch(Sums(), {"ids": ids}, {"ids": {0: "batch", 1: "length"}}, ["logits"])


@pytest.fixture(scope="module")
def small(graph: onnx.ModelProto) -> onnx.ModelProto:
    return gateway.quantize_embeddings(graph)


def _run(model: onnx.ModelProto, ids: Array) -> Array:
    return Session(gateway.serialize(model, {}), 1).run({"ids": ids})


def test_each_table_is_kept_once_as_int8_with_a_scale_a_row(small: onnx.ModelProto) -> None:
    tables = [numpy_helper.to_array(one) for one in small.graph.initializer]
    assert sorted((t.dtype.name, t.shape) for t in tables if ROWS in t.shape) == [
        ("float32", (ROWS, 1)),
        ("float32", (ROWS, 1)),
        ("int8", (ROWS, WIDTH)),
        ("int8", (ROWS, WIDTH)),
    ]


def test_every_row_is_near_what_it_was(graph: onnx.ModelProto, small: onnx.ModelProto) -> None:
    def tables(model: onnx.ModelProto) -> dict[str, Array]:
        return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}

    old, new = tables(graph), tables(small)
    for name, table in old.items():
        if table.shape == (ROWS, WIDTH):
            steps = new[f"{name}/steps"]
            found = new[f"{name}/int8"].astype(np.float32) * steps
            assert (np.abs(found - table) <= steps * 0.501).all()
            assert np.abs(new[f"{name}/int8"]).max() == 127


def test_answers_are_near_and_do_not_depend_on_their_neighbours(
    graph: onnx.ModelProto, small: onnx.ModelProto
) -> None:
    ids = np.random.default_rng(0).integers(2, ROWS, size=(7, 9))
    together, exact = _run(small, ids), _run(graph, ids)
    assert 0 < np.abs(together - exact).max() < 0.2
    alone = np.concatenate([_run(small, ids[row : row + 1]) for row in range(len(ids))])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_the_graph_that_was_given_stays_as_it_is(graph: onnx.ModelProto) -> None:
    before = gateway.serialize(graph, {})
    gateway.quantize_embeddings(graph)
    assert gateway.serialize(graph, {}) == before
