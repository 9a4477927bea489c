"""The whole state of a training in one safetensors file, so that a killed one is resumed.

Reads and writes ``<folder>/state.safetensors``, atomically, and keeps the one before it. A state is
resumed only when its digest (settings, data, pretrained checkpoint, code, machine class) is that of
the training at hand; it then ends in the same bytes as a training that was never killed. A state
whose bytes are not those that were written is discarded. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from assay.files import replacing
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    Tensors = dict[str, torch.Tensor]

STATE, PREVIOUS = "state.safetensors", "previous.safetensors"
SEAL = "sha256"


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


class ResumableState:
    """The state file of one training."""

    def __init__(self, folder: Path, digest: str) -> None:
        """Name the folder of the state, and the digest of the training at hand."""
        self._file, self._previous = folder / STATE, folder / PREVIOUS
        self._digest = digest

    def save(
        self,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        best: Tensors,
        slow: Tensors,
        at: Position,
    ) -> None:
        """Write the state: weights, moments, best and slow weights, random state, position."""
        tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
        tensors |= {f"best/{name}": value for name, value in best.items()}
        tensors |= {f"slow/{name}": value for name, value in slow.items()}
        tensors["random"] = torch.get_rng_state()
        for place, state in optimiser.state_dict()["state"].items():
            tensors |= {f"moment/{place}/{name}": value for name, value in state.items()}
        # safetensors refuses tensors that share memory; tied weights are rare and small here.
        owned = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        metadata = {"digest": self._digest, "position": json.dumps(asdict(at))}
        metadata[SEAL] = _seal(owned, metadata)
        with replacing(self._file) as beside:
            save_file(owned, beside, metadata=metadata)
            if self._file.exists():
                self._file.replace(self._previous)

    def load(
        self, model: nn.Module, optimiser: torch.optim.Optimizer
    ) -> tuple[Position, Tensors, Tensors] | None:
        """Put the state back; return the position, the best and the slow weights.

        None if no sound state is there, or if it is that of another training.
        """
        found = self._read()
        if found is None:
            return None
        position, tensors = found
        model.load_state_dict(_below(tensors, "model/"))
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in _below(tensors, "moment/").items():
            place, name = key.split("/")
            moments.setdefault(int(place), {})[name] = _laid_out_as(weights[int(place)], value)
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": moments, "param_groups": groups})
        torch.set_rng_state(tensors["random"])
        return position, _below(tensors, "best/"), _below(tensors, "slow/")

    def _read(self) -> tuple[Position, Tensors] | None:
        """Return the newest sound state; discard a damaged one, and say so."""
        for file in (self._file, self._previous):
            try:
                return _opened(file, self._digest)
            except (FileNotFoundError, OtherTraining):
                continue
            except (Damaged, SafetensorError):
                file.unlink(missing_ok=True)
                say(f"{file} is damaged: it is discarded, for the state before it or a new start")
        return None


class OtherTraining(Exception):
    """A state of other settings, data or code."""


class Damaged(Exception):
    """A state whose bytes are not those that were written."""


def _opened(file: Path, digest: str) -> tuple[Position, Tensors]:
    with safe_open(file, framework="pt") as stored:
        metadata: dict[str, str] = stored.metadata() or {}
        seal = metadata.pop(SEAL, None)
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    if seal != _seal(tensors, metadata):
        raise Damaged
    if metadata.get("digest") != digest:
        raise OtherTraining
    return Position(**json.loads(metadata["position"])), tensors


def _seal(tensors: Tensors, metadata: Mapping[str, str]) -> str:
    """Return the SHA-256 of all that a state says."""
    seal = hashlib.sha256(json.dumps(dict(metadata), sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        seal.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        seal.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return seal.hexdigest()


def _laid_out_as(weight: torch.Tensor, moment: torch.Tensor) -> torch.Tensor:
    """Return a moment in its weight's order in memory, which fused kernels take for granted."""
    return torch.empty_like(weight).copy_(moment) if moment.shape == weight.shape else moment


def _below(tensors: Tensors, prefix: str) -> Tensors:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
