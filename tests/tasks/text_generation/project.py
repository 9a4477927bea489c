"""Documents in three splits, and a language model of them that is trained in a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.paths import ModelPaths
from assay.tasks.text_generation import TEXT_GENERATION
from assay.tasks.text_generation.settings import TextGenerationModel
from tests import blocks, made, trainings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.records import Parity

FILES = ModelPaths(made.MODEL)
ROWS = {"train": 120, "validation": 30, "test": 30}


def settings(export: dict[str, Any] | None = None, **train: Any) -> TextGenerationModel:
    """Return settings of a small network; words change those of ``train``."""
    block = blocks.generator_settings(**({"epochs": 2} | train))
    return TextGenerationModel.model_validate({**block, "export": {"threads": 1, **(export or {})}})


def write(**given: Sequence[str]) -> None:
    """Write the splits below the present folder; a split that is not given has made-up texts."""
    texts = made.texts(sum(ROWS.values()))["text"].tolist()
    first = 0
    FILES.splits.mkdir(parents=True, exist_ok=True)
    for name, rows in ROWS.items():
        own = list(given.get(name, texts[first : first + rows]))
        table = pd.DataFrame({"id": [str(row) for row in range(len(own))], "text": own})
        table.to_parquet(FILES.split(name))
        first += rows


def exported(model: TextGenerationModel, folder: Path) -> Parity:
    """Train on the splits below the present folder; export the bundle to ``folder``."""
    trainings.train(TEXT_GENERATION, model, FILES, FILES.checkpoint.name)
    return TEXT_GENERATION.export(model, FILES, folder)[0]
