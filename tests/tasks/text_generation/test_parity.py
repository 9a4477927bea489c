from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from assay.bundle.session import Session
from assay.errors import ParityFailed
from assay.gateways import onnx as gateway
from assay.tasks.text_generation import parity
from tests.tasks.text_generation import made

if TYPE_CHECKING:
    from collections.abc import Callable

    Array = np.ndarray[Any, Any]

pytestmark = pytest.mark.processor

TEXT = made.ids(made.TEXT)
PROMPTS = [TEXT[start : start + 16] for start in (0, 37, 200, 411)]


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(made.fp32(), 1)


def _changed(change: Callable[[Array], None]) -> Session:
    """Return the graph with the head's weights, (width, vocabulary), changed."""
    model = onnx.ModelProto()
    model.CopyFrom(made.graph())
    head = made.decoder().get_parameter("head.weight").detach().numpy().T
    for weights in model.graph.initializer:
        array = numpy_helper.to_array(weights).copy()
        if np.array_equal(array, head):
            change(array)
            weights.CopyFrom(numpy_helper.from_array(array, weights.name))
    return Session(gateway.serialize(model, {}), 1)


def test_a_graph_of_the_same_weights_agrees(session: Session) -> None:
    largest = parity.grid(made.decoder(), session, seed=0)
    assert 0 < largest < 1e-4
    found = parity.greedy(made.decoder(), session, PROMPTS)
    assert found == parity.Greedy(tokens=4 * 128, ties=0)


def test_a_longer_prompt_leaves_room_for_fewer_tokens(session: Session) -> None:
    prompts = [TEXT[:150], TEXT[50:200]]
    found = parity.greedy(made.decoder(), session, prompts)
    assert found.tokens == 2 * (made.CONTEXT - 150)


def test_logits_of_whole_rows_are_those_of_torch(session: Session) -> None:
    rows = np.array([TEXT[:40], TEXT[40:80]])
    with torch.inference_mode():
        expected = made.decoder()(torch.from_numpy(rows)).numpy()
    np.testing.assert_allclose(parity.logits(session, rows), expected, atol=1e-4)


def test_a_graph_whose_weights_were_changed_a_little_is_refused() -> None:
    def nudge(head: Array) -> None:
        head[:, 3] *= 1.01

    with pytest.raises(ParityFailed, match="in a logit") as refusal:
        parity.grid(made.decoder(), _changed(nudge), seed=0)
    assert "nothing was exported" in str(refusal.value.cure)


def test_the_first_token_that_differs_is_named() -> None:
    pair = made.ids("ei")

    def swap(head: Array) -> None:
        head[:, pair] = head[:, pair[::-1]]

    said = [made.greedy(prompt, 128) for prompt in PROMPTS]
    firsts = [min(one.index(each) for each in pair if each in one) for one in said]
    place = min(firsts)
    with pytest.raises(ParityFailed) as refusal:
        parity.greedy(made.decoder(), _changed(swap), PROMPTS)
    expected = f"token {place + 1} of text {firsts.index(place) + 1} is another in ONNX"
    assert expected in refusal.value.found


def test_equally_probable_tokens_are_ties_and_either_is_right() -> None:
    model = copy.deepcopy(made.decoder())
    letter = made.greedy(PROMPTS[0], 1)[0]
    other = (letter + 1) % made.SIZES.vocabulary
    with torch.no_grad():
        head = model.get_parameter("head.weight")
        head[other] = head[letter] * (1 - 1e-6)

    def nearly_equal(head: Array) -> None:
        head[:, other] = head[:, letter] * (1 + 1e-6)

    found = parity.greedy(model, _changed(nearly_equal), PROMPTS[:1])
    assert found.ties > 0
    assert found.tokens == 128


@pytest.mark.parametrize("largest", [parity.TOLERANCE * 1.01, 9.0, float("nan"), float("inf")])
def test_what_is_too_far_or_no_number_is_refused(largest: float) -> None:
    with pytest.raises(ParityFailed, match="ONNX differs from torch"):
        parity.require_near(largest, 10.0)
    with pytest.raises(ParityFailed, match="ONNX differs from torch"):
        parity.require_near(largest, 0.0)


def test_what_is_near_is_returned() -> None:
    assert parity.require_near(0.0, 0.0) == 0.0
    assert parity.require_near(parity.TOLERANCE, 10.0) == parity.TOLERANCE


def test_greater_logits_may_differ_by_more() -> None:
    assert parity.require_near(0.0039, 40.0) == 0.0039
    with pytest.raises(ParityFailed, match=r"differs from torch by 0\.0041"):
        parity.require_near(0.0041, 40.0)
    with pytest.raises(ParityFailed, match="differs from torch by inf"):
        parity.require_near(float("inf"), float("inf"))


def test_a_large_vocabulary_gets_fewer_prompts(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made.decoder()
    for most, prompts in ((0, 1), (1, 1), (2, 2), (3, 2), (4, 4)):
        monkeypatch.setattr(parity, "LOGITS", most * 128 * model.sizes.vocabulary)
        assert parity.greedy(model, session, PROMPTS).tokens == prompts * 128
