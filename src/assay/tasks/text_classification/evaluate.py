"""Score texts with the bundle and with the baseline; name the slices a reader asks about.

Reads the tables that it is given. Writes nothing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.errors import DataRefused
from assay.progress import Progress
from assay.scoring import baseline as tf_idf

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from assay.bundle import Bundle
    from assay.settings.schema import Model

BASELINE = "TF-IDF and logistic regression"
# Characters. Fixed, so that a slice means the same after each retraining.
LENGTHS = (40, 80, 160, 320)
MISSING = "(none)"


def score(bundle: Bundle, table: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Return float64 probabilities of shape (rows, classes) in the bundle's label order."""
    texts = table["text"].astype(str).tolist()
    with Progress("scoring the test split", len(texts)) as bar:
        return bundle.probabilities(texts, progress=bar)


def slices(table: pd.DataFrame, settings: Model) -> dict[str, pd.Series[str]]:
    """Return every row's slice by each column of ``ingest.slices``, and by its length.

    Raises:
        DataRefused: a column that the table lacks.

    """
    absent = [name for name in settings.ingest.slices if name not in table]
    if absent:
        raise DataRefused(
            f"the test split has no column {', '.join(absent)}",
            expected="each column that ingest.slices names; there are " + ", ".join(table.columns),
            cure="correct ingest.slices in params.yaml, or add the column to the source",
        )
    found = {name: table[name].map(_name).astype(object) for name in settings.ingest.slices}
    found["characters"] = _by_length(table["text"].astype(str).str.len())
    return found


def baseline(
    train: pd.DataFrame, test: pd.DataFrame, labels: Sequence[str], seed: int
) -> np.ndarray[Any, Any]:
    """Fit TF-IDF and logistic regression on ``train``; return probabilities on ``test``."""
    return tf_idf.fit_and_predict(
        train["text"].astype(str).tolist(),
        train["label"].astype(str).tolist(),
        test["text"].astype(str).tolist(),
        labels,
        seed,
    )


def show(row: pd.Series[Any]) -> str:
    """Return the row's text."""
    return str(row["text"])


def _by_length(lengths: pd.Series[int]) -> pd.Series[str]:
    middle = [f"{low + 1} to {high}" for low, high in pairwise(LENGTHS)]
    names = [f"up to {LENGTHS[0]}", *middle, f"over {LENGTHS[-1]}"]
    cut: pd.Series[str] = pd.cut(lengths, [-1, *LENGTHS, float("inf")], labels=names)
    return cut


def _name(value: Any) -> str:
    return MISSING if pd.isna(value) else str(value).strip() or MISSING
