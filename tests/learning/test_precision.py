from __future__ import annotations

import pytest
import torch

from assay import processor
from assay.learning.precision import mixed_precision


@pytest.mark.parametrize(("setting", "name"), [("fp32", "no"), ("bf16", "bf16")])
def test_what_is_asked_for_is_given(setting: str, name: str) -> None:
    assert mixed_precision(setting) == name


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU decides there")
def test_auto_follows_the_processors_instructions() -> None:
    has = processor.has_instructions(processor.BF16_INSTRUCTIONS)
    assert mixed_precision("auto") == ("bf16" if has else "no")
