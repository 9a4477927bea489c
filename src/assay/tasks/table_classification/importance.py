"""How much a model needs each column: permutation importance, measured on the bundle.

Reads the test table and asks the bundle. Writes nothing. Breiman, "Random forests", 2001, section
10: the values of one column are shuffled among the rows; the loss of accuracy is its importance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.modalities.table.encoding import records
from assay.progress import track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.classifier import Classifier
    from assay.objectives.classification.metrics import Predictions

# Rows that are asked about, evenly spread over the test split, and times that each is shuffled.
MOST_ROWS, REPEATS = 2000, 3
SHOWN = 20


def importance(
    bundle: Classifier,
    test: pd.DataFrame,
    model: Predictions,
    columns: Sequence[str],
    seed: int,
) -> pd.DataFrame:
    """Return ``column, accuracy_lost``, the greatest first, of at most twenty columns."""
    rows = np.linspace(0, len(test) - 1, min(MOST_ROWS, len(test))).astype(int)
    table, truth = test.iloc[rows].reset_index(drop=True), model.truth[rows]
    whole = float(model.correct[rows].mean())
    random = np.random.default_rng(seed)
    lost = []
    for name in track("permutation importance", columns):
        scores = [_accuracy(bundle, _shuffled(table, name, random), truth) for _ in range(REPEATS)]
        lost.append(whole - float(np.mean(scores)))
    found = pd.DataFrame({"column": list(columns), "accuracy_lost": np.round(lost, 6)})
    return found.sort_values("accuracy_lost", ascending=False, kind="stable").head(SHOWN)


def _shuffled(table: pd.DataFrame, name: str, random: np.random.Generator) -> pd.DataFrame:
    order = random.permutation(len(table))
    found = table.copy()
    found[name] = table[name].to_numpy()[order]
    return found


def _accuracy(bundle: Classifier, table: pd.DataFrame, truth: np.ndarray[Any, Any]) -> float:
    answers = bundle.predict(records(table))
    return float((answers.probabilities.argmax(axis=1) == truth).mean())
