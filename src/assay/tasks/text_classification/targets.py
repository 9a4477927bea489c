"""What each row is learned as: its class, or the chance of each class where the data knows it.

Reads and writes nothing. Data that people rated says more than one label: a text that twenty people
find barely positive would be neutral to the next twenty. Columns ``target_<label>`` carry such
chances; rows without them count as certain. Peterson et al., "Human uncertainty makes
classification more robust", ICCV 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

PREFIX = "target_"


def numbers(rows: pd.DataFrame, labels: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return each row's class as a number, int64 of shape (rows,)."""
    place = {name: number for number, name in enumerate(labels)}
    return np.array([place[label] for label in rows["label"]], dtype=np.int64)


def targets(rows: pd.DataFrame, labels: Sequence[str], *, soft: bool) -> np.ndarray[Any, Any]:
    """Return what the loss is taken against.

    Class numbers, int64 (rows,); or, if ``soft`` and ``rows`` has a column ``target_<label>`` for
    every label, chances, float32 (rows, classes), each row summing to 1.
    """
    certain = numbers(rows, labels)
    columns = [PREFIX + label for label in labels]
    if not soft or not set(columns) <= set(rows.columns):
        return certain
    chances = rows[columns].to_numpy(dtype=np.float32, na_value=np.nan)
    known = np.isfinite(chances).all(axis=1) & (chances.sum(axis=1) > 0)
    one_hot = np.eye(len(labels), dtype=np.float32)[certain]
    chances = np.where(known[:, None], chances, one_hot)
    return np.asarray(chances / chances.sum(axis=1, keepdims=True), dtype=np.float32)
