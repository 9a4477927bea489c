"""What holds of every network that starts from random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from assay.bundle.session import Session
from assay.files import sha256
from assay.gateways import onnx as gateway
from assay.modalities.text.encoding import TOKENIZER, TextEncoder, padded
from assay.objectives.classification.precision import Graphs
from assay.tasks.text_classification import checkpoint, graph, inference, parity, scratch
from tests import made
from tests.tasks.text_classification import scratch_networks as networks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

every_kind = pytest.mark.parametrize("kind", networks.KINDS)
TEXTS = ["", "kind", *made.texts(20)["text"], " ".join(made.texts(30)["text"])]


def _answers(model: scratch.Scratch, ids: list[list[int]], step: int = 8) -> torch.Tensor:
    feeds = {name: torch.from_numpy(array) for name, array in padded(ids, step).items()}
    with torch.inference_mode():
        found: torch.Tensor = model(**feeds)
    return found


@every_kind
def test_padding_and_neighbours_change_no_answer(kind: str) -> None:
    model = networks.network(kind)
    ids = TextEncoder(networks.tokenizer(), 256)(TEXTS).ids
    together = _answers(model, ids)
    assert together.shape == (len(TEXTS), networks.CLASSES)
    assert together.isfinite().all()
    alone = torch.cat([_answers(model, [row], step=1) for row in ids])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
    turned = _answers(model, ids[::-1]).flip(0)
    torch.testing.assert_close(together, turned, atol=1e-5, rtol=1e-5)


@every_kind
def test_what_stands_in_padded_places_changes_no_answer(kind: str) -> None:
    model = networks.network(kind)
    feeds = padded(TextEncoder(networks.tokenizer(), 64)(TEXTS[:8]).ids)
    tensors = {name: torch.from_numpy(array) for name, array in feeds.items()}
    with torch.inference_mode():
        expected = model(**tensors)
        tensors["input_ids"][tensors["attention_mask"] == 0] = 7
        assert torch.equal(model(**tensors), expected)


@every_kind
def test_the_order_of_words_counts(kind: str) -> None:
    model = networks.network(kind)
    one, other = _answers(model, [[2, 8, 9, 10, 11, 3], [2, 11, 10, 9, 8, 3]])
    assert (one - other).abs().max() > 1e-3


@every_kind
def test_a_row_without_tokens_has_an_answer(kind: str) -> None:
    model = networks.network(kind)
    nothing = torch.zeros((2, 8), dtype=torch.int64)
    assert model(input_ids=nothing, attention_mask=nothing).isfinite().all()


@every_kind
def test_what_is_saved_is_read_again(kind: str, tmp_path: Path) -> None:
    model, tokenizer = networks.network(kind), networks.tokenizer()
    for name in ("one", "two"):
        checkpoint.write(tmp_path / name, model.state_dict(), tokenizer)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    assert (tmp_path / "one" / TOKENIZER).read_text(encoding="utf-8") == tokenizer
    chosen = networks.chosen(kind, dropout=0.9)
    found = scratch.trained(tmp_path / "one", chosen, networks.CLASSES)
    encoding = TextEncoder(tokenizer, 256)(TEXTS)
    assert torch.equal(inference.logits(found, encoding), inference.logits(model, encoding))


@every_kind
def test_the_graph_answers_as_the_network_does(kind: str) -> None:
    model = networks.network(kind)
    exact = gateway.serialize(graph.traced(model), {})
    assert parity.grid(model, Graphs(exact, exact), 1) < 1e-4
    assert gateway.serialize(graph.traced(model), {}) == exact
    session = Session(exact, 1)
    ids = TextEncoder(networks.tokenizer(), 256)(TEXTS).ids
    found = session.run(padded(ids))
    np.testing.assert_allclose(found, _answers(model, ids).numpy(), atol=1e-4)
