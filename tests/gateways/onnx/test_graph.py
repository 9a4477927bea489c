from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
import torch

from assay.bundle.session import Session
from assay.gateways import onnx as gateway

if TYPE_CHECKING:
    from typing import Any

pytestmark = pytest.mark.processor

DYNAMIC = {0: "batch", 1: "length"}
INPUTS = ("input_ids", "attention_mask")
FACTS = {"assay.labels": "bad\ngood", "assay.task": "text-classification"}


class Network(torch.nn.Module):
    """The mean of embeddings under a mask, through two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(50, 16)
        self.inner = torch.nn.Linear(16, 32)
        self.outer = torch.nn.Linear(32, 2)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        mask = attention_mask.unsqueeze(-1).float()
        mean = (self.table(input_ids) * mask).sum(1) / mask.sum(1)
        found: torch.Tensor = self.outer(torch.nn.functional.gelu(self.inner(mean)))
        return found


def _network() -> Network:
    torch.manual_seed(3)
    return Network().eval()


def _export() -> onnx.ModelProto:
    tensor = torch.ones((2, 16), dtype=torch.int64)
    return gateway.from_torch(
        _network(), dict.fromkeys(INPUTS, tensor), dict.fromkeys(INPUTS, DYNAMIC), ["logits"]
    )


def write(target: str) -> None:
    """Export both precisions: what another process is asked for."""
    graph = _export()
    fp32 = gateway.serialize(graph, FACTS)
    Path(target).write_bytes(fp32 + gateway.serialize(gateway.quantize_dynamic(graph), FACTS))


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    return _export()


def _feeds(batch: int, length: int) -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng([batch, length])
    mask = np.zeros((batch, length), dtype=np.int64)
    for row in range(batch):
        mask[row, : 1 + row % length] = 1
    return {"input_ids": random.integers(0, 50, (batch, length)), "attention_mask": mask}


def test_bytes_are_equal_from_two_folders_in_two_processes(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    script = "import sys; from tests.gateways.onnx import test_graph; test_graph.write(sys.argv[1])"
    running = []
    for name in ("one", "another place"):
        folder = tmp_path / name
        folder.mkdir()
        target = str(folder / "both.onnx")
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", script, target],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": f"{root}:{root}/src", "OMP_NUM_THREADS": "1"},
                stderr=subprocess.PIPE,
            )
        )
    digests = set()
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()
    for name in ("one", "another place"):
        content = (tmp_path / name / "both.onnx").read_bytes()
        digests.add(hashlib.sha256(content).hexdigest())
        for folder in (tmp_path, root, Path(sys.prefix), Path(torch.__file__).parent):
            assert str(folder).encode() not in content
    assert len(digests) == 1


def test_no_note_of_the_machine_is_left(graph: onnx.ModelProto) -> None:
    text = gateway.serialize(graph, {})
    assert b".py" not in text
    assert b"stack_trace" not in text
    assert not any(node.doc_string or node.metadata_props for node in graph.graph.node)


def test_both_inputs_are_read_though_the_example_was_one_tensor(graph: onnx.ModelProto) -> None:
    session = Session(gateway.serialize(graph, FACTS), 1)
    network = _network()
    for batch in (1, 2, 5):
        for length in (1, 2, 7, 33):
            feeds = _feeds(batch, length)
            with torch.inference_mode():
                expected = network(**{k: torch.from_numpy(v) for k, v in feeds.items()}).numpy()
            np.testing.assert_allclose(session.run(feeds), expected, atol=1e-6)


def test_dynamic_axes_bear_names_that_people_read(graph: onnx.ModelProto) -> None:
    session = Session(gateway.serialize(graph, FACTS), 1)
    shapes = {entry.name: entry.shape for entry in session.runtime.get_inputs()}
    assert shapes == {name: ["batch", "length"] for name in INPUTS}
    assert {entry.name: entry.shape for entry in session.runtime.get_outputs()} == {
        "logits": ["batch", 2]
    }


def test_facts_are_its_metadata(graph: onnx.ModelProto) -> None:
    session = Session(gateway.serialize(graph, FACTS), 1)
    assert session.runtime.get_modelmeta().custom_metadata_map == FACTS
    other = dict(reversed(list(FACTS.items())))
    assert gateway.serialize(graph, other) == gateway.serialize(graph, FACTS)
    onnx.checker.check_model(graph, full_check=True)


class LooksUp(torch.nn.Module):
    """Whose exporter names the tensor within as its second output is named."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(5, 3)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        rows = self.table(ids)
        return rows.sum(1), rows.mean(1)


def test_an_output_may_have_the_name_of_an_operator() -> None:
    torch.manual_seed(2)
    model, ids = LooksUp(), torch.tensor([[0, 4], [3, 1]])
    found = gateway.from_torch(model, {"ids": ids}, {"ids": {0: "batch"}}, ["sum", "embedding"])
    session = Session(gateway.serialize(found, {}), 1)
    assert session.outputs == ["sum", "embedding"]
    values = session.values({"ids": ids.numpy()})
    for value, expected in zip(values.values(), model(ids), strict=True):
        np.testing.assert_allclose(value.numpy(), expected.detach().numpy(), rtol=1e-6)


class Layers(torch.nn.Module):
    """Two layers, each with two tensors of its own, which it adds and returns."""

    def forward(
        self, states: torch.Tensor, parts: list[dict[str, torch.Tensor]]
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        sums = [part["left"] + 2 * part["right"] for part in parts]
        return states + sums[0].sum() + sums[1].sum(), sums


def test_tensors_of_each_layer_are_inputs_of_their_own() -> None:
    tensor = torch.zeros(2, 3)
    model = gateway.from_torch(
        Layers(),
        {"states": torch.zeros(4), "parts": [{"left": tensor, "right": tensor}] * 2},
        {"states": {0: "batch"}, "parts": {1: "width"}, "sums": {1: "width"}},
        ["states_out", "sums.0", "sums.1"],
    )
    session = Session(gateway.serialize(model, {}), 1)
    names = ["parts.0.left", "parts.0.right", "parts.1.left", "parts.1.right"]
    assert session.inputs == ["states", *names]
    assert [entry.shape for entry in session.runtime.get_inputs()] == [
        ["batch"],
        *[[2, "width"]] * 4,
    ]
    assert [entry.shape for entry in session.runtime.get_outputs()] == [
        ["batch"],
        *[[2, "width"]] * 2,
    ]
    values = {name: np.full((2, 5), 10.0**place, np.float32) for place, name in enumerate(names)}
    found = session.values({"states": np.zeros(1, np.float32), **values})
    assert found["sums.0"].numpy()[0, 0] == 21
    assert found["sums.1"].numpy()[1, 4] == 2100
    assert found["states_out"].numpy().tolist() == [21210.0]
