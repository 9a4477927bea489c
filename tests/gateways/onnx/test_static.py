from __future__ import annotations

import logging
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

pytestmark = pytest.mark.processor

FACTS = {"assay.task": "image-classification"}


class Filters(torch.nn.Module):
    """Two convolutions and a pool, on images."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 16, 3)
        self.second = torch.nn.Conv2d(16, 8, 3)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        found = torch.nn.functional.gelu(self.first(pixels))
        answer: torch.Tensor = self.second(torch.nn.functional.max_pool2d(found, 2)).mean((2, 3))
        return answer


def _images(count: int, seed: int) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(seed)
    return random.normal(size=(count, 3, 20, 20)).astype(np.float32)


def test_filters_are_quantized_by_what_they_saw_and_two_times_alike(
    capsys: pytest.CaptureFixture[str],
) -> None:
    torch.manual_seed(3)
    plain = gateway.from_torch(
        Filters(), {"pixels": torch.zeros(2, 3, 20, 20)}, {"pixels": {0: "batch"}}, ["logits"]
    )
    before = plain.SerializeToString(deterministic=True)

    def quantized(seed: int) -> bytes:
        # Of different sizes: each is taken by itself.
        feeds = [{"pixels": _images(4 + part, seed + part)} for part in range(3)]
        small = gateway.quantize_static(plain, feeds.__getitem__, 3, ["Conv", "MaxPool"])
        kinds = {entry.name: entry.data_type for entry in small.graph.initializer}
        weights = [name for name in kinds if name.endswith("weight_quantized")]
        assert len(weights) == 2
        assert {kinds[name] for name in weights} == {onnx.TensorProto.INT8}
        stored = {entry.name: numpy_helper.to_array(entry) for entry in small.graph.initializer}
        # Of eight bits, pairs of products saturate where VNNI is missing.
        assert max(np.abs(stored[name].astype(int)).max() for name in weights) <= 64
        points = [kinds[n.input[2]] for n in small.graph.node if n.op_type == "QuantizeLinear"]
        assert set(points) == {onnx.TensorProto.UINT8}
        return gateway.serialize(small, FACTS)

    small = quantized(0)
    assert small == quantized(0)
    assert small != quantized(50), "scales come from the feeds"
    assert capsys.readouterr().out == ""
    assert plain.SerializeToString(deterministic=True) == before, "what it was given stays"
    full, quick = (
        Session(model, 1).run({"pixels": _images(6, 99)})
        for model in (gateway.serialize(plain, FACTS), small)
    )
    assert not np.array_equal(full, quick)
    np.testing.assert_allclose(quick, full, atol=0.05)


def test_the_log_level_of_others_stays() -> None:
    root = logging.getLogger()
    level = root.level
    graph = gateway.from_torch(
        Filters(), {"pixels": torch.zeros(2, 3, 20, 20)}, {"pixels": {0: "batch"}}, ["logits"]
    )
    gateway.quantize_static(graph, lambda _: {"pixels": _images(2, 1)}, 1, ["Conv"])
    assert root.level == level
