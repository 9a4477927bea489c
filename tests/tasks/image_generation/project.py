"""Images in three splits, and an autoencoder of them that is trained in a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.gateways.sources.images import png
from assay.paths import ModelPaths
from assay.tasks.image_generation import IMAGE_GENERATION
from assay.tasks.image_generation.settings import ImageGenerationModel
from tests import blocks, made, trainings

if TYPE_CHECKING:
    from pathlib import Path

    from assay.records import Parity

FILES = ModelPaths(made.MODEL)
ROWS = {"train": 160, "validation": 40, "test": 40}
SIDE = 8


def settings(**train: Any) -> ImageGenerationModel:
    """Return settings of a small network; words change those of ``train``."""
    small = {"size": SIDE, "latents": 3, "width": 4, "epochs": 2, "batch_size": 20}
    block = blocks.image_generator_settings(**(small | {"checkpoint_every": 5} | train))
    return ImageGenerationModel.model_validate(block)


def images(rows: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return images, bright on the left or on the right, uint8 (rows, side, side)."""
    random = np.random.default_rng(seed)
    found = random.normal(20, 6, (rows, SIDE, SIDE))
    bright = random.random((rows, 1, 1)) < 0.5
    found += 150 * ((np.arange(SIDE) < SIDE // 2)[None, None] == bright)
    return found.clip(0, 255).astype(np.uint8)


def write(rows: dict[str, int] | None = None) -> None:
    """Write the splits below the present folder."""
    FILES.splits.mkdir(parents=True, exist_ok=True)
    for seed, (name, count) in enumerate((rows or ROWS).items()):
        shown = [png(one) for one in images(count, seed)]
        ids = [f"{name} {row}" for row in range(count)]
        table = pd.DataFrame({"id": ids, "image": shown, "given": None})
        table.to_parquet(FILES.split(name))


def exported(model: ImageGenerationModel, folder: Path) -> Parity:
    """Train on the splits below the present folder; export the bundle to ``folder``."""
    trainings.train(IMAGE_GENERATION, model, FILES, FILES.checkpoint.name)
    return IMAGE_GENERATION.export(model, FILES, folder)[0]
