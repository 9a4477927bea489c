"""What a row is learned as: its class, or target probabilities where the data knows them.

Reads and writes nothing. Data that people rated says more than one label: a text that twenty
people find barely positive would be neutral to the next twenty. Columns ``target_<label>`` carry
such soft labels; rows without them count as certain. Peterson et al., "Human uncertainty makes
classification more robust", ICCV 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay.objectives.classification.labels import LABEL, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

PREFIX = "target_"


def targets(rows: pd.DataFrame, labels: Sequence[str], *, soft: bool) -> np.ndarray[Any, Any]:
    """Return what the loss is taken against.

    Class numbers, int64 (rows,); or, if ``soft`` and ``rows`` has a column ``target_<label>`` for
    every label, target probabilities, float32 (rows, classes), each row summing to 1.
    """
    certain = numbers(rows[LABEL].tolist(), labels)
    columns = [PREFIX + label for label in labels]
    if not soft or not set(columns) <= set(rows.columns):
        return certain
    shares = rows[columns].to_numpy(dtype=np.float32, na_value=np.nan)
    known = np.isfinite(shares).all(axis=1) & (shares.sum(axis=1) > 0)
    one_hot = np.eye(len(labels), dtype=np.float32)[certain]
    shares = np.where(known[:, None], shares, one_hot)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)
