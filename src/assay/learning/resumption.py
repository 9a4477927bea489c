"""The whole state of a training in one safetensors file, so that a killed one is resumed.

Reads and writes ``<folder>/state.safetensors``, atomically, and keeps the one before it. A state is
resumed only when its digest (settings, data, pretrained checkpoint, code, machine class) is that of
the training at hand; it then ends in the same bytes as a training that was never killed. A state
whose bytes are not those that were written is discarded. Nothing is pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from assay.files import digest_of, replacing
from assay.learning import state as states
from assay.learning.state import Position
from assay.progress import say

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    Tensors = dict[str, torch.Tensor]

STATE, PREVIOUS = "state.safetensors", "previous.safetensors"
SEAL = "sha256"


class ResumableState:
    """The state file of one training."""

    def __init__(self, folder: Path, digest: str) -> None:
        """Name the folder of the state, and the digest of the training at hand."""
        self._file, self._previous = folder / STATE, folder / PREVIOUS
        self._digest = digest

    def save(self, tensors: Tensors, at: Position, content: str) -> None:
        """Write the state.

        ``tensors`` are those of :func:`assay.learning.state.tensors_of`, ``content`` is the
        digest of them and ``at``, which the caller has at hand.
        """
        # safetensors refuses tensors that share memory; tied weights are rare and small here.
        owned = {name: value.clone() for name, value in tensors.items()}
        metadata = {"digest": self._digest, "position": at.to_json()}
        metadata[SEAL] = _seal(metadata, content)
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
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    try:
        at = Position.from_json(metadata["position"])
        sound = metadata[SEAL] == _seal(metadata, states.digest(tensors, at))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise Damaged from problem
    if not sound:
        raise Damaged
    if metadata["digest"] != digest:
        raise OtherTraining
    return at, tensors


def _seal(metadata: dict[str, str], content: str) -> str:
    """Return the SHA-256 of all that a state says; ``content`` stands for its tensors."""
    return digest_of(metadata["digest"], metadata["position"], content)


def _laid_out_as(weight: torch.Tensor, moment: torch.Tensor) -> torch.Tensor:
    """Return a moment in its weight's order in memory, which fused kernels take for granted."""
    return torch.empty_like(weight).copy_(moment) if moment.shape == weight.shape else moment


def _below(tensors: Tensors, prefix: str) -> Tensors:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
