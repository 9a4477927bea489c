"""A linear probe on the frozen encoder of a text network, as a file.

Reads and writes ``probe.safetensors``: the head that was fitted on the train split, and its logits
of the validation split. Nothing is learned here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save_file

if TYPE_CHECKING:
    from pathlib import Path

FILE = "probe.safetensors"


@dataclass(frozen=True, eq=False)
class FrozenProbe:
    """A linear head on the features of the pretrained encoder.

    Attributes:
        weight: float32 of shape (classes, width).
        bias: float32 of shape (classes,).
        validation: its logits of the validation split, float32 of shape (rows, classes).

    """

    weight: torch.Tensor
    bias: torch.Tensor
    validation: torch.Tensor

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Return (rows, classes) of (rows, width)."""
        return torch.nn.functional.linear(features, self.weight, self.bias)


def write(probe: FrozenProbe, file: Path, **metadata: str) -> None:
    """Write the probe; equal probes, equal bytes."""
    parts = {"weight": probe.weight, "bias": probe.bias, "validation": probe.validation}
    save_file({name: value.contiguous() for name, value in parts.items()}, file, metadata=metadata)


def read(file: Path, **metadata: str) -> FrozenProbe | None:
    """Read a probe; None where it was written with other metadata.

    Raises:
        FileNotFoundError: it is not there.
        SafetensorError: it can't be read.

    """
    with safe_open(file, framework="pt") as stored:
        if metadata and (stored.metadata() or {}) != metadata:
            return None
        return FrozenProbe(*(stored.get_tensor(name) for name in ("weight", "bias", "validation")))
