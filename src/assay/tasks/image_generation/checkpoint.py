"""A trained autoencoder as files. Reads and writes a checkpoint's folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from assay.learning import weights
from assay.tasks.image_generation.network import build
from assay.tasks.image_generation.sizes import Sizes

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.image_generation.network import Autoencoder


def write(folder: Path, model: Autoencoder) -> None:
    """Make the folder with sizes and weights."""
    weights.write(folder, model, asdict(model.sizes))


def read(folder: Path) -> Autoencoder:
    """Return the autoencoder that :func:`write` wrote, ready to be exported or asked.

    Raises:
        InputRefused: a file is missing, cut short, or the two do not fit each other.

    """
    return weights.read(folder, lambda config: build(Sizes(**config)), "autoencoder")
