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

from assay.bundle.decoding import empty
from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.tasks.text_generation import graph as graphs
from assay.tasks.text_generation.network import Decoder
from assay.tasks.text_generation.sizes import Sizes
from tests.conftest import ROOT
from tests.tasks.text_generation import made

if TYPE_CHECKING:
    from typing import Any

    Array = np.ndarray[Any, Any]

pytestmark = pytest.mark.processor


def write(target: str) -> None:
    """Export a small decoder in both precisions: what another process is asked for."""
    torch.manual_seed(2)
    graph = graphs.graph(Decoder(Sizes(40, 1, 2, 32, 64)))
    small = gateway.quantize_dynamic(graph)
    Path(target).write_bytes(gateway.serialize(graph, {}) + gateway.serialize(small, {}))


def test_two_processes_export_equal_bytes(tmp_path: Path) -> None:
    module = "tests.tasks.text_generation.test_graph"
    files, running = [], []
    for name in ("one", "another place"):
        folder = tmp_path / name
        folder.mkdir()
        files.append(folder / "both.onnx")
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", f"from {module} import write; write({str(files[-1])!r})"],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/src", "OMP_NUM_THREADS": "1"},
                stderr=subprocess.PIPE,
            )
        )
    for process in running:
        _, errors = process.communicate(timeout=500)
        assert process.returncode == 0, errors.decode()
    contents = [file.read_bytes() for file in files]
    assert len({hashlib.sha256(content).hexdigest() for content in contents}) == 1
    for folder in (tmp_path, ROOT, Path(sys.prefix)):
        assert str(folder).encode() not in contents[0]


def test_inputs_and_outputs_bear_the_names_that_others_know() -> None:
    session = Session(made.fp32(), 1)
    cache = ["batch", 2, "past", 16]
    assert {entry.name: entry.shape for entry in session.runtime.get_inputs()} == {
        "input_ids": ["batch", "length"],
        "attention_mask": ["batch", "total"],
        "logits_to_keep": ["kept"],
        **{f"past_key_values.{n}.{part}": cache for n in (0, 1) for part in ("key", "value")},
    }
    cache = ["batch", 2, "total", 16]
    assert {entry.name: entry.shape for entry in session.runtime.get_outputs()} == {
        "logits": ["batch", "kept", len(made.LETTERS)],
        **{f"present.{n}.{part}": cache for n in (0, 1) for part in ("key", "value")},
    }
    assert session.outputs[0] == "logits"


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("length", [1, 2, 30])
@pytest.mark.parametrize("past", [0, 1, 3, 100])
def test_it_computes_what_torch_does(batch: int, length: int, past: int) -> None:
    random = np.random.default_rng([batch, length, past])
    sizes, session = made.SIZES, Session(made.fp32(), 1)
    shape = (batch, sizes.key_heads, past, sizes.head_size)
    feeds: dict[str, Array] = {
        "input_ids": random.integers(0, sizes.vocabulary, (batch, length)),
        "attention_mask": np.ones((batch, past + length), dtype=np.int64),
        "logits_to_keep": np.arange(length),
    }
    feeds["attention_mask"][0, : (past + length) // 3] = 0
    model = made.decoder()
    cache = model.empty(batch)
    for layer, part in [(layer, part) for layer in range(2) for part in ("key", "value")]:
        drawn = random.normal(size=shape).astype(np.float32)
        feeds[f"past_key_values.{layer}.{part}"] = drawn
        cache[layer] = cache[layer]._replace(**{part: torch.from_numpy(drawn)})
    found = session.values(feeds)
    given = [torch.from_numpy(feeds[n]) for n in ("input_ids", "attention_mask", "logits_to_keep")]
    with torch.inference_mode():
        logits, present = model.cached(given[0], given[1], given[2], cache)
    # What a place of padding finds, nobody reads.
    real = feeds["attention_mask"][:, past:] > 0
    np.testing.assert_allclose(
        found["logits"].numpy()[real], logits.numpy()[real], rtol=1e-5, atol=1e-5
    )
    for layer, one in enumerate(present):
        for part, tensor in one._asdict().items():
            of_graph = found[f"present.{layer}.{part}"].numpy().transpose(0, 2, 1, 3)
            of_torch = tensor.numpy().transpose(0, 2, 1, 3)
            kept = feeds["attention_mask"] > 0
            np.testing.assert_allclose(of_graph[kept], of_torch[kept], rtol=1e-5, atol=1e-5)


def test_a_context_is_as_long_as_the_sizes_say() -> None:
    session = Session(made.fp32(), 1)
    row = np.zeros((1, made.CONTEXT), dtype=np.int64)
    feeds = {
        "input_ids": row,
        "attention_mask": np.ones_like(row),
        "logits_to_keep": np.array([made.CONTEXT - 1]),
        **empty(session, 1),
    }
    assert np.isfinite(session.run(feeds)).all()


def _in_a_batch(content: bytes) -> tuple[Array, Array]:
    """Return logits of eight padded rows together, and of each alone."""
    session = Session(content, 1)
    random = np.random.default_rng(3)
    lengths = random.integers(1, 40, 8)
    rows = [random.integers(0, made.SIZES.vocabulary, length) for length in lengths]
    width = max(lengths)
    ids, mask = np.zeros((2, 8, width), dtype=np.int64)
    for place, row in enumerate(rows):
        ids[place, width - len(row) :] = row
        mask[place, width - len(row) :] = 1
    together = session.run(_feeds(session, ids, mask))
    alone = [
        session.run(_feeds(session, row[None], np.ones((1, len(row)), np.int64))) for row in rows
    ]
    return together[:, 0], np.concatenate(alone)[:, 0]


def _feeds(session: Session, ids: Array, mask: Array) -> dict[str, Array]:
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "logits_to_keep": np.array([ids.shape[1] - 1]),
        **empty(session, len(ids)),
    }


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    together, alone = _in_a_batch(made.fp32())
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-4)
    # Rounding of fp32 between two integers may move one of a row's numbers by a step.
    together, alone = _in_a_batch(made.int8())
    assert np.abs(together - alone).max() < 0.003 * np.abs(alone).max()


def test_int8_answers_nearly_the_same() -> None:
    session, small = Session(made.fp32(), 1), Session(made.int8(), 1)
    ids = np.array([made.ids(made.TEXT[:100])])
    feeds = _feeds(session, ids, np.ones_like(ids)) | {"logits_to_keep": np.arange(100)}
    full, quick = session.run(feeds)[0], small.run(feeds)[0]
    assert not np.array_equal(full, quick)
    assert np.abs(full - quick).max() < 0.1 * np.abs(full).max()
    assert len(made.int8()) < 0.5 * len(made.fp32())


def test_all_products_by_weights_become_int8_but_the_head() -> None:
    small = onnx.load_from_string(made.int8())
    operators = [node.op_type for node in small.graph.node]
    assert operators.count("MatMulIntegerToFloat") == 2 * 7
    assert operators.count("MatMul") == 2 * 2 + 1, "attention, and the head"
