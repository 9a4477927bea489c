"""Columns that alone tell the label: most often they were filled in after the fact.

Reads the raw table. Writes nothing. Each column is tried by itself: a small decision tree learns
the label from it on one half of the rows and is scored on the other, so that a column of mere names
tells nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from assay.modalities.table import cells
from assay.modalities.table.measure import NONE

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.targets import Measurement
    from assay.settings.table import TableIngest

# Parts of a column's values (twice the classes where these are many), and the rows of each part.
LEAVES, FEWEST = 16, 5


def leaking(
    typed: pd.DataFrame, labels: pd.Series[str], settings: TableIngest, most: float
) -> list[str]:
    """Return the columns from which more than a share ``most`` of rows is classified right.

    ``typed`` holds numbers (NaN where missing) and texts; a column must also beat the share of the
    commonest label, by half of what is left to win. Both are shares of the half that is scored.
    """
    known = labels.notna().to_numpy()
    truth = labels[known].astype(str).to_numpy(dtype=object)
    if len(truth) < 4 * FEWEST or len(set(truth)) < 2:
        return []
    half = _halves(typed[known])
    if not half.any() or half.all():
        return []
    commonest = pd.Series(truth[~half]).value_counts(normalize=True).iloc[0]
    bound = max(most, (1 + commonest) / 2)
    found = []
    for name in (*settings.numbers, *settings.categories):
        column = typed.loc[known, name]
        values = _as_numbers(column, half, truth) if name in settings.categories else column
        if _accuracy(values.to_numpy(dtype=np.float64), truth, half) > bound:
            found.append(name)
    return found


def with_leakage(found: Measurement, raw: Path, settings: TableIngest, most: float) -> Measurement:
    """Add ``leaking_columns``, equal in each row: names of columns that alone tell the label."""
    # Not of what was measured: a column `duplicate` of the user's is hidden there by ours.
    typed = cells.features(pd.read_parquet(raw), settings)
    names = leaking(typed, found.table["label"], settings, most)
    return replace(found, table=found.table.assign(leaking_columns=", ".join(names) or NONE))


def _halves(typed: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return one half of the rows, chosen by what they hold and not by their order."""
    rows = (repr(row).encode() for row in typed.itertuples(index=False, name=None))
    return np.array([hashlib.sha256(row).digest()[0] % 2 == 0 for row in rows])


def _as_numbers(
    column: pd.Series[str], half: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]
) -> pd.Series[float]:
    """Return for each category the number of its commonest label in the half of training."""
    learned = pd.DataFrame({"value": column.to_numpy()[half], "label": truth[half]})
    votes = learned.groupby("value")["label"].agg(lambda labels: labels.value_counts().index[0])
    number = {label: float(place) for place, label in enumerate(sorted(set(truth)))}
    return column.map(votes).map(number).fillna(-1.0)


def _accuracy(
    values: np.ndarray[Any, Any], truth: np.ndarray[Any, Any], half: np.ndarray[Any, Any]
) -> float:
    leaves = max(LEAVES, 2 * len(set(truth)))
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=FEWEST, random_state=0)
    tree.fit(values[half, None], truth[half])
    return float((tree.predict(values[~half, None]) == truth[~half]).mean())
