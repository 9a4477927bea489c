"""Which shapes the ONNX graph is compared with the network on, by a network of one table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from assay.errors import ParityFailed
from assay.gateways.onnx.scaling import divided
from assay.objectives.classification.precision import Graphs
from assay.tasks.text_classification import parity

pytestmark = pytest.mark.processor

VOCABULARY, CLASSES, LONGEST = 11, 3, 20
TABLE = np.random.default_rng(0).normal(size=(VOCABULARY, CLASSES)).astype(np.float32)


class Sums(torch.nn.Module):
    """Logits are the sum of the table's rows of the tokens that are not masked.

    ``off`` is added to the logits of one shape (rows, tokens); ``seen`` holds what was asked.
    """

    def __init__(self, longest: int, shape: tuple[int, int] | None = None, off: float = 0) -> None:
        super().__init__()
        self.vocabulary, self.longest = VOCABULARY, longest
        self.shape, self.off = shape, off
        self.seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        assert torch.is_inference_mode_enabled()
        self.seen.append((input_ids, attention_mask))
        rows = torch.from_numpy(TABLE)[input_ids] * attention_mask.unsqueeze(-1)
        off = self.off if tuple(input_ids.shape) == self.shape else 0.0
        return rows.sum(dim=1).to(torch.float64) + off


def graphs(temperature: float = 1.0) -> Graphs:
    """Return the same sums in ONNX, divided by ``temperature``."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"], axis=0),
        helper.make_node("Unsqueeze", ["attention_mask", "last"], ["wide"]),
        helper.make_node("Cast", ["wide"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["rows", "mask"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "tokens"], ["logits"], keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])
    constants = {"table": TABLE, "last": np.array([-1]), "tokens": np.array([1])}
    initial = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    made = helper.make_graph(nodes, "sums", inputs, [output], initial)
    opset = [helper.make_opsetid("", 20)]
    model = helper.make_model(made, opset_imports=opset, ir_version=10)
    content = divided(model.SerializeToString(), temperature)
    return Graphs(content, content, temperature)


def test_every_batch_size_meets_every_length_and_the_longest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = Sums(LONGEST)
    assert parity.grid(model, graphs(), 1) < 1e-5
    shapes = [tuple(ids.shape) for ids, _ in model.seen]
    assert shapes == [(batch, length) for batch in (1, 2, 7, 32) for length in (1, 2, 17, 20)]
    shown = capsys.readouterr().err
    assert shown.startswith("parity ...")
    assert "batch 32 x length 20" in shown


def test_a_network_shorter_than_a_length_is_asked_no_more_than_it_takes() -> None:
    model = Sums(17)
    parity.grid(model, graphs(), 1)
    assert {ids.shape[1] for ids, _ in model.seen} == {1, 2, 17}


def test_the_tokens_are_all_of_the_vocabulary_and_masks_end_at_different_places() -> None:
    model, again = Sums(LONGEST), Sums(LONGEST)
    parity.grid(model, graphs(), 1)
    parity.grid(again, graphs(), 1)
    for (ids, mask), (same_ids, same_mask) in zip(model.seen, again.seen, strict=True):
        assert torch.equal(ids, same_ids)
        assert torch.equal(mask, same_mask)
        assert ids.dtype == mask.dtype == torch.int64
        # Ones, then zeros; at least one token of each row counts.
        assert torch.equal(mask, mask.sort(dim=1, descending=True).values)
        assert set(mask.flatten().tolist()) <= {0, 1}
        assert mask[:, 0].eq(1).all()
    by_shape = {tuple(ids.shape): (ids, mask) for ids, mask in model.seen}
    ids, mask = by_shape[32, LONGEST]
    assert set(ids.flatten().tolist()) == set(range(VOCABULARY))
    assert len(set(mask.sum(dim=1).tolist())) > 10
    assert set(by_shape[32, 2][1].sum(dim=1).tolist()) == {1, 2}


@pytest.mark.parametrize("shape", [(1, 1), (7, 17), (32, LONGEST)])
def test_a_difference_in_one_shape_is_found(shape: tuple[int, int]) -> None:
    with pytest.raises(ParityFailed, match=r"by 0\.25 in a logit"):
        parity.grid(Sums(LONGEST, shape, -0.25), graphs(), 1)
    assert parity.grid(Sums(LONGEST, shape, 5e-5), graphs(), 1) == pytest.approx(5e-5, rel=0.2)


@pytest.mark.parametrize("temperature", [0.5, 4.0])
def test_the_temperature_divides_differences_too(temperature: float) -> None:
    shape = (7, 17)
    found = parity.grid(Sums(LONGEST, shape, 4e-5), graphs(temperature), 1)
    assert found == pytest.approx(4e-5 / temperature, rel=0.2)
    with pytest.raises(ParityFailed):
        parity.grid(Sums(LONGEST, shape, 0.25), graphs(temperature), 1)
