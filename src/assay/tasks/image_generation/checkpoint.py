"""A trained autoencoder as files: ``model.safetensors`` and ``config.json``.

Reads and writes a checkpoint's folder. Nothing is pickled; equal weights, equal bytes.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from assay.errors import InputRefused, SettingsError
from assay.files import read_json, write_json
from assay.tasks.image_generation.network import build
from assay.tasks.image_generation.sizes import Sizes

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.image_generation.network import Autoencoder

CONFIG, WEIGHTS = "config.json", "model.safetensors"


def write(folder: Path, model: Autoencoder) -> None:
    """Make the folder with sizes and weights."""
    folder.mkdir(parents=True)
    weights = {name: value.contiguous() for name, value in sorted(model.state_dict().items())}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    write_json(folder / CONFIG, asdict(model.sizes))


def read(folder: Path) -> Autoencoder:
    """Return the autoencoder that :func:`write` wrote, ready to be exported or asked.

    Raises:
        InputRefused: a file is missing, cut short, or the two do not fit each other.

    """
    try:
        model = build(Sizes(**read_json(folder / CONFIG)))
        model.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, ValueError, TypeError, RuntimeError, SettingsError, SafetensorError) as reason:
        raise InputRefused(
            f"{folder} holds no autoencoder: {str(reason).splitlines()[0]}",
            expected=f"{CONFIG} and {WEIGHTS} as training wrote them",
            cure="train it again: assay run MODEL",
        ) from reason
    return model.eval()
