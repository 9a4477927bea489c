from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench import peak
from bench.peak import Peak

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_products_reach_something(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "SIZES", (64, 128))
    found = Peak.measured(precision, 1)
    assert found.operations > 0
    assert f"in {precision}, the median of 7 products of 64 or 128 squared" in str(found)


def test_a_share_is_in_per_cent() -> None:
    assert Peak("fp32", 2, 200e9).share(50e9) == 25


def test_a_token_costs_two_operations_a_weight_of_the_layers(checkpoint: Path) -> None:
    import torch
    from transformers import BertModel

    layers = BertModel.from_pretrained(checkpoint, dtype=torch.float32).encoder.layer
    weights = sum(
        value.numel()
        for name, value in layers.named_parameters()
        if value.ndim > 1 and "LayerNorm" not in name
    )
    assert peak.operations_a_token(checkpoint) == 2 * weights
