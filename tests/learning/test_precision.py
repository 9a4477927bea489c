from __future__ import annotations

import pytest
import torch

from assay import processor
from assay.learning.precision import autocast, in_bf16

pytestmark = pytest.mark.processor


@pytest.mark.parametrize(("setting", "bf16"), [("fp32", False), ("bf16", True)])
def test_what_is_asked_for_is_given(setting: str, bf16: bool) -> None:
    assert in_bf16(setting) == bf16


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU decides there")
def test_auto_follows_the_processors_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_bf16("auto") == processor.has_instructions(processor.BF16_INSTRUCTIONS)
    monkeypatch.setenv(processor.VARIABLE, "avx2")
    assert not in_bf16("auto")


@pytest.mark.parametrize(("setting", "kind"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_matrices_are_multiplied_in_it_and_weights_stay(setting: str, kind: torch.dtype) -> None:
    layer = torch.nn.Linear(4, 2)
    with autocast(setting, "cpu"):
        answer = layer(torch.ones(3, 4))
    answer.float().sum().backward()
    assert answer.dtype == kind
    assert layer.weight.grad is not None
    assert layer.weight.dtype == layer.weight.grad.dtype == torch.float32
