"""Measure images for drift: what each costs the model, its brightness and its contrast.

Reads a bundle. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.image_generator import ImageGenerator
from assay.modalities.image import encoding
from assay.modalities.image.kept_pixels import squared
from assay.modalities.image.statistics import grey_statistics
from assay.objectives.generation.likelihood import bits_per_dimension

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from assay.monitoring.measures import Measures
    from assay.tasks.image_generation.settings import ImageGenerationModel


def observe(settings: ImageGenerationModel, bundle: Path, table: pd.DataFrame) -> Measures:
    """Return each measure by its name: float64 of shape (rows,).

    Bits per dimension are those of the evidence lower bound of one draw.
    """
    chosen = settings.evaluate
    model = ImageGenerator.open(bundle, threads=chosen.threads)
    contents = table["image"].tolist()
    images = np.zeros((len(contents), *model.shape), dtype=np.uint8)
    for row, content in enumerate(contents):
        images[row] = squared(encoding.decode(content, model.channels), model.side)
    nats = -model.log_weights(model.seen(images, chosen.seed), 1, chosen.seed)[:, 0]
    grey = grey_statistics(contents, 1)
    return {
        "output: bits per dimension": bits_per_dimension(nats, model.dimensions),
        "brightness": np.asarray(grey.brightness, dtype=np.float64),
        "contrast": np.asarray(grey.contrast, dtype=np.float64),
    }
