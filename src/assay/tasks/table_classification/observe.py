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
    """Return each measure by its name: float64 of shape (rows,), or the rows of each category."""
    opened = Classifier.open(bundle, of_bundle, threads=settings.evaluate.threads)
    answers = opened.predict(records(table))
    numbers = {
        f"column: {name}": table[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in settings.ingest.numbers
    }
    categories = {
        f"column: {name}": dict(Counter(table[name].fillna("").astype(str)))
        for name in settings.ingest.categories
    }
    return {**measures.outputs(answers.probabilities, opened.labels), **numbers, **categories}
