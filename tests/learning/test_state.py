from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
import torch

from assay.learning.optimiser import adamw
from assay.learning.state import Position, digest, tensors_of
from assay.records import TracePoint
from tests.learning import made

pytestmark = pytest.mark.processor

AT = Position(epoch=1, batch=4, step=33, best_score=0.1 + 0.2, pending=[1 / 3])
TENSORS = {
    "model/weight": torch.arange(12, dtype=torch.float32).reshape(3, 4),
    "model/half": torch.arange(4).bfloat16(),
    "model/count": torch.tensor(7),
    "random": torch.arange(9, dtype=torch.uint8),
}


def test_a_position_comes_back_from_its_json() -> None:
    curve = [{"step": 30.0, "loss": 0.5, "epoch": 1.0}]
    at = dataclasses.replace(AT, curve=curve, trace=[TracePoint(step=0, sha256="a" * 64)])
    found = Position.from_json(at.to_json())
    assert found == at
    assert list(found.curve[0]) == ["step", "loss", "epoch"], "the columns of the curve"


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": 2},
        {"batch": 5},
        {"step": 34},
        {"best_score": 0.3},
        {"best_score": None},
        {"epochs_without_gain": 1},
        {"finished": True},
        {"pending": [1 / 3, 0.0]},
        {"curve": [{"step": 30.0}]},
    ],
)
def test_the_digest_covers_every_part_of_the_position(change: dict[str, Any]) -> None:
    assert digest(TENSORS, dataclasses.replace(AT, **change)) != digest(TENSORS, AT)


def test_the_digest_leaves_the_trace_out() -> None:
    traced = dataclasses.replace(AT, trace=[TracePoint(step=0, sha256="a" * 64)])
    found = digest(TENSORS, traced)
    assert found == digest(TENSORS, AT)
    assert re.fullmatch("[0-9a-f]{64}", found)


@pytest.mark.parametrize("name", list(TENSORS))
def test_one_bit_of_any_tensor_changes_the_digest(name: str) -> None:
    turned = TENSORS[name].clone()
    turned.reshape(-1).view(torch.uint8)[-1] ^= 1
    assert digest(TENSORS | {name: turned}, AT) != digest(TENSORS, AT)


def test_name_type_and_shape_change_the_digest_and_the_order_does_not() -> None:
    weight = TENSORS["model/weight"]
    others = {name: value for name, value in TENSORS.items() if name != "model/weight"}
    assert digest(others | {"model/weight": weight}, AT) == digest(TENSORS, AT)
    found = {
        digest(others | {"model/other": weight}, AT),
        digest(others | {"model/weight": weight.reshape(4, 3)}, AT),
        digest(others | {"model/weight": weight.view(torch.int32)}, AT),
        digest(others, AT),
        digest(TENSORS, AT),
    }
    assert len(found) == 5


def test_the_layout_in_memory_changes_nothing() -> None:
    def digested(memory_format: torch.memory_format) -> str:
        torch.manual_seed(0)
        model = torch.nn.Conv2d(4, 8, 3).to(memory_format=memory_format)  # type: ignore[call-overload]
        optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        for weight in model.parameters():
            weight.grad = torch.empty_like(weight).fill_(0.5)
        optimiser.step()
        best = {"weight": model.weight.detach().clone()}
        return digest(tensors_of(model, optimiser, best, {}), AT)

    assert digested(torch.contiguous_format) == digested(torch.channels_last)


def test_weights_moments_best_and_slow_weights_and_random_state_are_all_in_it() -> None:
    model = made.network()
    optimiser = adamw(model, 0.01, 0.1)
    made.loss(model, {"inputs": made.INPUTS, "labels": made.CLASSES}).backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    best = {"0.bias": torch.zeros(32)}
    found = tensors_of(model, optimiser, best, {"0.bias": torch.ones(32)})
    weights = {f"model/{name}" for name in model.state_dict()}
    moments = {f"moment/{place}/exp_avg_sq" for place in range(len(weights))}
    assert weights | moments | {"best/0.bias", "slow/0.bias", "random"} <= found.keys()
    before = digest(found, AT)
    torch.rand(1)
    assert digest(tensors_of(model, optimiser, best, {"0.bias": torch.ones(32)}), AT) != before
