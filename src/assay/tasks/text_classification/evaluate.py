"""Score texts with the bundle and with the baseline; name the slices a reader asks about.

Reads the tables that it is given. Writes nothing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.progress import Progress
from assay.scoring import baseline as tf_idf
from assay.scoring import slices as by_slice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from assay.bundle import Bundle
    from assay.scoring.metrics import Outcome
    from assay.scoring.section import Section
    from assay.settings.text import TextModel

BASELINE = "TF-IDF and logistic regression"
# Characters. Fixed, so that a slice means the same after each retraining.
LENGTHS = (40, 80, 160, 320)


def score(bundle: Bundle, table: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Return float64 probabilities of shape (rows, classes) in the bundle's label order."""
    texts = table["text"].astype(str).tolist()
    with Progress("scoring the test split", len(texts)) as bar:
        return bundle.probabilities(texts, progress=bar)


def slices(table: pd.DataFrame, settings: TextModel) -> dict[str, pd.Series[str]]:
    """Return every row's slice by each column of ``ingest.slices``, and by its length.

    Raises:
        DataRefused: a column that the table lacks.

    """
    found = by_slice.columns(table, settings.ingest.slices)
    found["characters"] = _by_length(table["text"].astype(str).str.len())
    return found


def baseline(
    train: Path, test: pd.DataFrame, labels: Sequence[str], seed: int
) -> np.ndarray[Any, Any]:
    """Fit TF-IDF and logistic regression on ``train``; return probabilities on ``test``."""
    rows = pd.read_parquet(train, columns=["text", "label"])
    return tf_idf.fit_and_predict(
        rows["text"].astype(str).tolist(),
        rows["label"].astype(str).tolist(),
        test["text"].astype(str).tolist(),
        labels,
        seed,
    )


def closer(
    bundle: Bundle, test: pd.DataFrame, model: Outcome, settings: TextModel
) -> list[Section]:
    """Add nothing: slices and the list of worst errors say what there is to say of texts."""
    return []


def show(row: pd.Series[Any]) -> str:
    """Return the row's text."""
    return str(row["text"])


def _by_length(lengths: pd.Series[int]) -> pd.Series[str]:
    middle = [f"{low + 1} to {high}" for low, high in pairwise(LENGTHS)]
    names = [f"up to {LENGTHS[0]}", *middle, f"over {LENGTHS[-1]}"]
    cut: pd.Series[str] = pd.cut(lengths, [-1, *LENGTHS, float("inf")], labels=names)
    return cut
