"""Measure rows for drift: the model's answers, brightness and contrast.

Reads a bundle. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.classifier import Classifier
from assay.modalities.image.encoding import of_bundle
from assay.modalities.image.statistics import grey_statistics
from assay.monitoring import measures

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from assay.monitoring.measures import Measures
    from assay.tasks.image_classification.settings import ImageClassificationModel


def observe(settings: ImageClassificationModel, bundle: Path, table: pd.DataFrame) -> Measures:
    """Return each measure by its name: float64 of shape (rows,), or the rows of each category."""
    opened = Classifier.open(bundle, of_bundle, threads=settings.evaluate.threads)
    images = table["image"].tolist()
    answers = opened.predict(images)
    grey = grey_statistics(images, 1)
    return {
        **measures.outputs(answers.probabilities, opened.labels),
        "brightness": np.asarray(grey.brightness, dtype=np.float64),
        "contrast": np.asarray(grey.contrast, dtype=np.float64),
    }
