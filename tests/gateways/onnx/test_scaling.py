from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.gateways.onnx.scaling import divided
from tests.graphs import temperature_of

pytestmark = pytest.mark.processor

WIDTH = 8
STATES = np.random.default_rng(0).normal(size=(5, WIDTH)).astype(np.float32)
FACTS = {"assay.labels": "a\nb\nc", "assay.precision": "any"}


class Head(torch.nn.Module):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head = torch.nn.Linear(WIDTH, 16), torch.nn.Linear(16, 3)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.head(torch.relu(self.inner(states)))
        return answer


@pytest.fixture(scope="module", params=["fp32", "int8"])
def content(request: pytest.FixtureRequest) -> bytes:
    torch.manual_seed(3)
    states = {"states": torch.zeros(2, WIDTH)}
    graph = gateway.from_torch(Head(), states, {"states": {0: "batch"}}, ["logits"])
    return gateway.serialize(
        gateway.quantize_dynamic(graph) if request.param == "int8" else graph, FACTS
    )


def _run(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return Session(content, 1).run({"states": STATES})


@pytest.mark.parametrize("divisor", [0.05, 0.5462, 1.0, 20.0])
def test_logits_are_divided_and_no_class_changes(content: bytes, divisor: float) -> None:
    plain, scaled = _run(content), _run(divided(content, divisor))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, plain / divisor, rtol=1e-6, atol=1e-6)
    assert np.array_equal(scaled.argmax(axis=1), plain.argmax(axis=1))


def test_all_but_the_division_stays_as_it_was(content: bytes) -> None:
    before, after = (onnx.load_from_string(one) for one in (content, divided(content, 0.5)))
    onnx.checker.check_model(after, full_check=True)
    assert after.metadata_props == before.metadata_props
    assert after.graph.input == before.graph.input
    assert after.graph.output == before.graph.output
    assert [one.op_type for one in after.graph.node] == [
        *(one.op_type for one in before.graph.node), "Div",
    ]  # fmt: skip
    assert temperature_of(after) == 0.5
    assert list(after.graph.initializer)[:-1] == list(before.graph.initializer)


def test_a_node_that_reads_the_output_reads_what_it_read_before() -> None:
    """A graph whose output is read by another of its nodes, as no exporter of ours makes one."""
    head = onnx.parser.parse_model(
        """
        <ir_version: 10, opset_import: ["" : 20]>
        toy (float[batch, 8] states) => (float[batch, 8] logits) {
            logits = Relu(states)
            unused = Add(logits, logits)
        }
        """
    )
    found = onnx.load_from_string(divided(head.SerializeToString(), 2.0))
    first, second, division = found.graph.node
    assert set(second.input) == set(first.output) == {division.input[0]}


def test_equal_graphs_are_equal_bytes(content: bytes) -> None:
    assert divided(content, 0.25) == divided(content, 0.25)
    assert divided(content, 0.25) != divided(content, 0.26)
