"""A trained network of texts as files: weights and tokenizer.

Reads and writes ``model.safetensors`` and ``tokenizer.json`` of a checkpoint's folder. Knows no
network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors import safe_open
from safetensors.torch import load_file, save_file

from assay.modalities.text.encoding import TOKENIZER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

WEIGHTS = "model.safetensors"


def write(folder: Path, weights: Mapping[str, torch.Tensor], tokenizer: str) -> None:
    """Make the folder with weights by their names and a tokenizer's JSON.

    Equal weights, equal bytes.
    """
    folder.mkdir(parents=True)
    parts = {name: value.contiguous() for name, value in sorted(weights.items())}
    save_file(parts, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / TOKENIZER).write_text(tokenizer, encoding="utf-8")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return all weights by their names."""
    return load_file(folder / WEIGHTS)


def weight(folder: Path, name: str) -> torch.Tensor:
    """Return one of the weights; the others are not read."""
    with safe_open(folder / WEIGHTS, framework="pt") as stored:
        found: torch.Tensor = stored.get_tensor(name)
        return found


def tokenizer(folder: Path) -> str:
    """Return the tokenizer's JSON."""
    return (folder / TOKENIZER).read_text(encoding="utf-8")
