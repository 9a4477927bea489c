from __future__ import annotations

import hashlib
import logging
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
    Path(target).write_bytes(fp32 + gateway.serialize(gateway.quantize(graph), FACTS))


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
    root = Path(__file__).parents[2]
    script = "import sys; from tests.gateways import test_onnx; test_onnx.write(sys.argv[1])"
    running = []
    for name in ("one", "another place"):
        folder = tmp_path / name
        folder.mkdir()
        target = str(folder / "both.onnx")
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", script, target],
                cwd=folder,
                env={"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
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


def test_the_quantized_graph_loads_and_answers_alike(graph: onnx.ModelProto) -> None:
    before = graph.SerializeToString(deterministic=True)
    small = gateway.quantize(graph)
    assert graph.SerializeToString(deterministic=True) == before, "what it was given stays"
    stored = {entry.name: entry.data_type for entry in small.graph.initializer}
    kinds = [kind for name, kind in stored.items() if name.endswith("_quantized")]
    assert kinds == [onnx.TensorProto.INT8] * 2
    assert onnx.TensorProto.FLOAT in stored.values(), "embeddings stay fp32"
    feeds = _feeds(5, 9)
    full, quick = (
        Session(gateway.serialize(model, FACTS), 1).run(feeds) for model in (graph, small)
    )
    assert not np.array_equal(full, quick)
    np.testing.assert_allclose(quick, full, atol=0.02)


def test_the_log_level_of_others_stays(graph: onnx.ModelProto) -> None:
    root = logging.getLogger()
    level = root.level
    gateway.quantize(graph)
    assert root.level == level


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
