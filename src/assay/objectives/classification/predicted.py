"""Two tables of predictions on one test split: how often they name the same class.

Reads two files ``predictions.parquet``, ids and predicted labels alone. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyarrow import parquet

if TYPE_CHECKING:
    from pathlib import Path


def share_agreeing(expected: Path, found: Path) -> float:
    """Return the share of rows, 0 to 1, whose top class is the same in both tables.

    Rows are matched by their id. A row that one table alone holds does not agree; two empty tables
    agree in nothing.
    """
    ours, theirs = _labels(expected), _labels(found)
    rows = ours.keys() | theirs.keys()
    same = sum(row in ours and row in theirs and ours[row] == theirs[row] for row in rows)
    return same / len(rows) if rows else 0.0


def _labels(path: Path) -> dict[str, str]:
    table = parquet.read_table(path, columns=["id", "predicted_label"])
    ids, labels = (table[name].to_pylist() for name in ("id", "predicted_label"))
    return dict(zip(ids, labels, strict=True))
