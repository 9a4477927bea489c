"""The embedding beside the logits: equal to torch's, in every network and both precisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from assay.bundle import manifest
from assay.bundle.manifest import MODEL
from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.gateways.onnx.scaling import divided
from assay.modalities.text.encoding import padded
from assay.paths import ModelPaths
from assay.tasks.text_classification import graph, network
from tests import made
from tests.tasks.text_classification import scratch_networks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assay.tasks.text_classification.settings import Pooling

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
IDS = [[5, 6, 7, 8, 9, 10, 11, 12, 13], [21], [30, 31, 5]]
FEEDS = padded(IDS, 8)


def _of_torch(model: Any) -> np.ndarray[Any, Any]:
    with torch.inference_mode():
        found = model.pooled(**{name: torch.from_numpy(array) for name, array in FEEDS.items()})
    return np.asarray(found.numpy())


@pytest.mark.parametrize("kind", [*scratch_networks.KINDS, "mean", "cls"])
def test_it_is_what_the_head_reads_and_no_temperature_divides_it(
    kind: Any, checkpoint: Path
) -> None:
    if kind in scratch_networks.KINDS:
        model: Any = scratch_networks.network(kind)
    else:
        pooling: Pooling = kind
        model = network.pretrained(checkpoint, made.LABELS, pooling, 0.0).eval()
    content = divided(gateway.serialize(graph.traced(model), {}), 4.0)
    session = Session(content, 1)
    assert session.outputs == ["logits", "embedding"]
    expected = _of_torch(model)
    found = session.values(FEEDS)
    assert found["embedding"].numpy().dtype == np.float32
    np.testing.assert_allclose(found["embedding"].numpy(), expected, atol=1e-5)
    with torch.inference_mode():
        logits = model.head(torch.from_numpy(expected)).numpy()
    np.testing.assert_allclose(session.run(FEEDS), logits / 4, atol=1e-5)


@pytest.mark.parametrize("bundle", [made.fp32_bundle, made.int8_bundle])
def test_a_bundle_states_it_in_both_precisions(
    bundle: Callable[[Path], Path], checkpoint: Path
) -> None:
    folder = bundle(checkpoint)
    model = network.trained(made.built(checkpoint) / FILES.checkpoint, made.LABELS, "mean")
    width = model.config.hidden_size
    logits, embedding = manifest.read(folder).outputs
    assert logits.name == "logits"
    assert embedding.model_dump() == {
        "name": "embedding", "type": "float32", "shape": ("batch", width), "example": (1, width),
    }  # fmt: skip
    expected = _of_torch(model)
    found = Session(str(folder / MODEL), 1).run(FEEDS, "embedding")
    if manifest.read(folder).precision == "fp32":
        np.testing.assert_allclose(found, expected, atol=1e-5)
    else:
        cosines = (found * expected).sum(1) / np.linalg.norm(found, axis=1)
        assert (cosines / np.linalg.norm(expected, axis=1) > 0.99).all()
