"""A trained network as files: ``model.safetensors`` and ``config.json``.

Reads and writes a checkpoint's folder. Nothing is pickled; equal weights and configuration, equal
bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from assay.errors import InputRefused, SettingsError
from assay.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

N = TypeVar("N", bound=nn.Module)

CONFIG, WEIGHTS = "config.json", "model.safetensors"


def write(folder: Path, network: nn.Module, config: Mapping[str, Any]) -> None:
    """Make the folder with a network's weights, and what its layers follow from."""
    folder.mkdir(parents=True)
    weights = {name: value.contiguous() for name, value in sorted(network.state_dict().items())}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    write_json(folder / CONFIG, config)


def read(folder: Path, build: Callable[[dict[str, Any]], N], what: str) -> N:
    """Return the network that :func:`write` wrote, in evaluation.

    Args:
        folder: of the checkpoint.
        build: makes the network of a configuration.
        what: the network is, in an error's words.

    Raises:
        InputRefused: a file is missing, cut short, or the two do not fit each other.

    """
    try:
        network = build(read_json(folder / CONFIG))
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (
        *(OSError, ValueError, KeyError, TypeError, RuntimeError),
        *(SettingsError, SafetensorError),
    ) as reason:
        raise InputRefused(
            f"{folder} holds no {what}: {str(reason).splitlines()[0]}",
            expected=f"{CONFIG} and {WEIGHTS} as training wrote them",
            cure="train it again: assay run MODEL",
        ) from reason
    return network.eval()
