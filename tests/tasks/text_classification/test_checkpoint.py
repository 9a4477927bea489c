from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from assay.files import sha256
from assay.tasks.text_classification import checkpoint

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = {"b": torch.arange(6.0).reshape(2, 3).T, "a": torch.ones(2)}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "one", WEIGHTS, '{"好": 1}\n')
    found = checkpoint.weights(tmp_path / "one")
    assert found.keys() == WEIGHTS.keys()
    for name, value in WEIGHTS.items():
        assert torch.equal(found[name], value)
        assert torch.equal(checkpoint.weight(tmp_path / "one", name), value)
    assert checkpoint.tokenizer(tmp_path / "one") == '{"好": 1}\n'


def test_equal_weights_give_equal_bytes_in_any_order(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "one", WEIGHTS, "{}")
    checkpoint.write(tmp_path / "two", dict(reversed(WEIGHTS.items())), "{}")
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
