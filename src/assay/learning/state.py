"""What a training is at one moment: its tensors, its position, and one digest of both.

Reads and writes nothing. The digest is that of values alone: where a tensor lies in memory, on
which device, and in which file it is kept, changes nothing. Neither does Assay's source.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import torch

from assay.records import TracePoint

if TYPE_CHECKING:
    from torch import nn

    Tensors = dict[str, torch.Tensor]

TRACE = "trace"


@dataclass
class Position:
    """Where a training stands, in plain numbers."""

    epoch: int = 0
    batch: int = 0  # within the epoch
    step: int = 0  # within the training
    best_score: float | None = None
    epochs_without_gain: int = 0
    finished: bool = False
    # Losses since the last row of the curve, and the rows so far.
    pending: list[float] = field(default_factory=list)
    curve: list[dict[str, float]] = field(default_factory=list)
    # The digests so far: what a training came to, not what it is.
    trace: list[TracePoint] = field(default_factory=list)

    def to_json(self) -> str:
        """Return all of it as one line of JSON."""
        # Unsorted: the columns of the curve come in the order of its rows' names.
        trace = [point.model_dump() for point in self.trace]
        return json.dumps(self._plain() | {TRACE: trace})

    @classmethod
    def from_json(cls, text: str) -> Position:
        """Return what :meth:`to_json` wrote down."""
        plain = json.loads(text)
        trace = [TracePoint.model_validate(point) for point in plain.pop(TRACE)]
        return cls(**plain, trace=trace)

    def digested(self) -> str:
        """Return what a digest of the training covers: all but the trace, as JSON."""
        return json.dumps(self._plain(), sort_keys=True)

    def _plain(self) -> dict[str, Any]:
        # Not `asdict`, which copies every row of the curve at every point of the trace.
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != TRACE}


def tensors_of(
    model: nn.Module, optimiser: torch.optim.Optimizer, best: Tensors, slow: Tensors
) -> Tensors:
    """Return weights, moments, best and slow weights and the random state, by name.

    On the processor and contiguous; what is so already is not copied, and changes with the next
    step.
    """
    tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in best.items()}
    tensors |= {f"slow/{name}": value for name, value in slow.items()}
    tensors["random"] = torch.get_rng_state()
    for place, state in optimiser.state_dict()["state"].items():
        tensors |= {f"moment/{place}/{name}": value for name, value in state.items()}
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def digest(tensors: Tensors, at: Position) -> str:
    """Return the SHA-256 of a training's state, 64 hexadecimal digits.

    It covers every tensor by name, type, shape and bytes, in the order of the names, and the
    position without the trace. ``tensors`` are on the processor and contiguous.
    """
    found = hashlib.sha256(at.digested().encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()
