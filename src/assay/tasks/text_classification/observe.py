"""Measure rows for drift: the model's answers, the texts' lengths, what is unknown in them.

Reads a bundle. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.classifier import Classifier
from assay.modalities.text.encoding import of_bundle
from assay.monitoring import measures

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from assay.monitoring.measures import Measures
    from assay.tasks.text_classification.settings import TextClassificationModel


def observe(settings: TextClassificationModel, bundle: Path, table: pd.DataFrame) -> Measures:
    """Return each measure by its name: float64 of shape (rows,), or the rows of each category."""
    opened = Classifier.open(bundle, of_bundle, threads=settings.evaluate.threads)
    texts = table["text"].astype(str).tolist()
    answers = opened.predict(texts)
    return {
        **measures.outputs(answers.probabilities, opened.labels),
        "characters": np.array([len(text) for text in texts], dtype=np.float64),
        "share of unknown tokens": np.asarray(answers.unknown, dtype=np.float64),
    }
