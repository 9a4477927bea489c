"""Measure rows for drift: the model's answers, and every column that it reads.

Reads a bundle. Writes nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.classifier import Classifier
from assay.modalities.table.encoding import of_bundle, records
from assay.monitoring import measures

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from assay.monitoring.measures import Measures
    from assay.tasks.table_classification.settings import TableClassificationModel


def observe(settings: TableClassificationModel, bundle: Path, table: pd.DataFrame) -> Measures:
    """Return each measure by its name: float64 of shape (rows,), or the rows of each category.

    Cells are as the model takes them: a word that stands for nothing is missing.
    """
    opened = Classifier.open(bundle, of_bundle, threads=settings.evaluate.threads)
    encoder, rows = of_bundle(bundle, opened.manifest), records(table)
    encoded = encoder(rows)
    numbers = {
        f"column: {name}": encoded.numbers[:, place].astype(np.float64)
        for place, name in enumerate(encoder.numbers)
    }
    categories = {
        f"column: {name}": dict(Counter(encoded.categories[:, place].tolist()))
        for place, name in enumerate(encoder.categories)
    }
    answered = opened.probabilities(encoded, len(rows))
    return {**measures.outputs(answered, opened.labels), **numbers, **categories}
