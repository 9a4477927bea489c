from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from assay.bundle.manifest import MODEL
from assay.errors import ParityFailed
from assay.objectives.classification.precision import Graphs
from assay.paths import ModelPaths
from assay.tasks.text_classification import network, parity
from tests import made
from tests.graphs import temperature_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


@pytest.fixture
def pair(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, onnx.ModelProto]:
    """Return the trained network and the graph that was made from it."""
    monkeypatch.chdir(made.built(checkpoint))
    model = network.trained(FILES.checkpoint, made.LABELS, "mean")
    return model, onnx.load(made.fp32_bundle(checkpoint) / MODEL)


def _graphs(model: onnx.ModelProto) -> Graphs:
    content = model.SerializeToString()
    return Graphs(content, content, temperature_of(model))


def test_equal_networks_differ_by_rounding_alone(pair: tuple[Any, onnx.ModelProto]) -> None:
    model, graph = pair
    assert 0 < parity.grid(model, _graphs(graph), 1) < 1e-5 / temperature_of(graph)


@pytest.mark.parametrize("name", ["classifier.bias", "word_embeddings.weight"])
def test_an_altered_weight_is_found(pair: tuple[Any, onnx.ModelProto], name: str) -> None:
    model, graph = pair
    (weight,) = (entry for entry in graph.graph.initializer if entry.name.endswith(name))
    altered = numpy_helper.to_array(weight) * np.float32(1.01) + np.float32(1e-3)
    weight.CopyFrom(numpy_helper.from_array(altered, weight.name))
    with pytest.raises(ParityFailed, match="ONNX differs from torch by") as refused:
        parity.grid(model, _graphs(graph), 1)
    assert refused.value.expected == "at most 0.0001"
    assert "nothing was exported" in refused.value.cure
