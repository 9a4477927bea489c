from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from assay.files import sha256
from assay.tasks.text_classification import frozen
from assay.tasks.text_classification.frozen import FrozenProbe

if TYPE_CHECKING:
    from pathlib import Path


def _probe() -> FrozenProbe:
    return FrozenProbe(torch.ones(2, 3), torch.tensor([0.5, -1.0]), torch.zeros(4, 2))


def test_what_is_written_comes_back_and_is_equal_byte_for_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        frozen.write(_probe(), tmp_path / name)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    found = frozen.read(tmp_path / "one")
    assert found is not None
    for name in ("weight", "bias", "validation"):
        assert torch.equal(getattr(found, name), getattr(_probe(), name))


def test_a_probe_of_another_training_is_not_read(tmp_path: Path) -> None:
    frozen.write(_probe(), tmp_path / "probe", digest="mine")
    assert frozen.read(tmp_path / "probe", digest="mine") is not None
    assert frozen.read(tmp_path / "probe", digest="another's") is None
    with pytest.raises(FileNotFoundError):
        frozen.read(tmp_path / "nowhere")


def test_its_logits_are_linear_in_the_features() -> None:
    found = _probe().logits(torch.tensor([[1.0, 2.0, 3.0]]))
    assert found.tolist() == [[6.5, 5.0]]
