"""Rows that a server answered, as they are kept: the names of their columns, and how they are read.

Reads the Parquet files of a folder. Writes nothing: the server does, by the names that are here.
A row holds when it was answered, by which release and bundle, its input masked, and what the model
answered to it, in the columns that ``predictions.parquet`` has for that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from assay.errors import InputRefused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.monitoring.two_sample import FloatArray

TIME, VERSION, DIGEST = "time", "version", "digest"
# Before the name of an input's column, so that a table's own "time" is no trouble.
INPUT = "input."
PREDICTED, SCORE, PROBABILITY = "predicted_label", "score", "p_"


def answered(probabilities: FloatArray, labels: Sequence[str]) -> dict[str, pa.Array]:
    """Return the columns of what a classifier answered.

    Args:
        probabilities: shape (rows, classes).
        labels: of the classes.

    """
    names = np.array(labels, dtype=object)[probabilities.argmax(axis=1)]
    columns = {
        PREDICTED: pa.array(names, pa.string()),
        SCORE: pa.array(probabilities.max(axis=1), pa.float64()),
    }
    for place, label in enumerate(labels):
        columns[PROBABILITY + label] = pa.array(probabilities[:, place], pa.float64())
    return columns


def read(folder: Path, version: str, *, days: float, most: int) -> pd.DataFrame:
    """Return rows that one version answered in the last days, oldest first: the newest ``most``.

    An empty table has no columns.

    Raises:
        InputRefused: a file is not one that a server wrote.

    """
    since = datetime.now(UTC) - timedelta(days=days)
    found: list[pd.DataFrame] = []
    rows = 0
    # Names begin with the time at which a file was written.
    for path in sorted(folder.glob("*.parquet"), reverse=True):
        part = _read(path)
        part = part[(part[VERSION] == version) & (part[TIME] >= since)]
        if len(part):
            found.append(part.tail(most - rows))
            rows += len(found[-1])
        if rows >= most:
            break
    return pd.concat(found[::-1], ignore_index=True) if found else pd.DataFrame()


def inputs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the inputs of rows that were read, by their own columns."""
    names = [name for name in rows.columns if name.startswith(INPUT)]
    return rows[names].rename(columns={name: name.removeprefix(INPUT) for name in names})


def probabilities(rows: pd.DataFrame, labels: Sequence[str]) -> FloatArray:
    """Return float64 probabilities (rows, classes) of rows, or of ``predictions.parquet``."""
    names = [PROBABILITY + label for label in labels]
    return rows[names].to_numpy(dtype=np.float64)


def are_right(rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return of each row of ``predictions.parquet`` whether the model named its label."""
    return (rows["label"].astype(str) == rows[PREDICTED].astype(str)).to_numpy(dtype=np.bool_)


def _read(path: Path) -> pd.DataFrame:
    try:
        table = parquet.read_table(path)
        lacking = {TIME, VERSION, PREDICTED} - set(table.column_names)
    except (pa.ArrowInvalid, OSError) as problem:
        raise _refused(path, "cannot be read") from problem
    if lacking:
        raise _refused(path, f"has no column {', '.join(sorted(lacking))}")
    rows: pd.DataFrame = table.to_pandas()
    return rows


def _refused(path: Path, found: str) -> InputRefused:
    return InputRefused(
        f"{path} {found}",
        expected="a file of predictions as `assay serve` writes it",
        cure="move it away, and call the command again",
    )
