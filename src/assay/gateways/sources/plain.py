"""A column that is read as text must hold plain values: no bytes, no structs, lists or maps.

Reads tables in memory. Writes nothing. As text, ``{'a': 'x'}`` would be learned letter by letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.errors import SourceRefused
from assay.gateways.objects import NESTED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BYTES, INNER = "raw bytes", "nested values"
CONTAINERS = (dict, list, tuple, set, np.ndarray)


def fault_of(table: pd.DataFrame, column: str) -> str | None:
    """Return what a column of :func:`assay.gateways.tables.read_table` holds that is not plain."""
    if column in table.attrs.get(NESTED, ()):
        return INNER
    values = table[column]
    found: pd.Series[Any] = getattr(values.dtype, "categories", values)
    if not pd.api.types.is_object_dtype(found.dtype):
        return None
    if any(isinstance(value, bytes | bytearray | memoryview) for value in found):
        return BYTES
    return INNER if any(isinstance(value, CONTAINERS) for value in found) else None


def require_plain(where: str | Path, table: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse bytes and nested values in columns that are to be read as text.

    Raises:
        SourceRefused: names the first such column.

    """
    for column in columns:
        if fault := fault_of(table, column):
            raise refusal(where, column, fault)


def refusal(where: str | Path, column: str, fault: str) -> SourceRefused:
    """Return the refusal of a column for what it holds, :data:`BYTES` or :data:`INNER`."""
    return SourceRefused(
        f"the column {column!r} of {where} holds {fault}",
        expected="text or numbers in each cell",
        cure="decode it (as UTF-8, most often) and save the file anew"
        if fault == BYTES
        else "give each inner value a column of its own, and save the file anew",
    )
