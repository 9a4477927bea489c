"""Cells as values: which are missing, which are numbers, and what equal rows have in common.

Reads and writes nothing. Ingest, measure, split and inference read cells by these rules alone.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from assay.settings.table import TableIngest

SEPARATOR = "\x1f"
# Far below the largest float32, so that no difference of two numbers overflows.
LARGEST = 1e30
TRUTH_VALUES = ("true", "false")
WHOLE = re.compile(r"([+-]?\d+)\.0+")


def text_of(cell: object) -> str | None:
    """Return a cell as text without space around it, None for an empty one."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, float | np.floating) and math.isnan(cell):
        return None
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell)).lower()
    # The shortest text that gives back the same number: 1.0 and 1 are one value.
    if isinstance(cell, float | np.floating):
        return str(cell).removesuffix(".0")
    return str(cell).strip() or None


def cells_of(column: pd.Series[Any]) -> Iterable[Any]:
    """Return a column's cells; float32 as such, since as float64 0.1 reads 0.10000000149."""
    return column.to_numpy() if column.dtype in (np.float16, np.float32) else column


def is_missing(text: str | None, words: Collection[str]) -> bool:
    """Tell whether a cell is empty, or one of the words that stand for nothing."""
    return text is None or text.casefold() in words


def number_of(text: str | None, words: Collection[str]) -> float | None:
    """Return a finite number; NaN for a missing cell, None for one that is no number.

    What is larger than :data:`LARGEST` becomes that: a network computes in float32.
    """
    if text is None or text.casefold() in words:
        return math.nan
    # Python reads 12_3 as 123; a file that holds it means a name.
    if "_" in text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    # Adding 0.0 makes -0.0 and 0.0 one value.
    return min(max(value, -LARGEST), LARGEST) + 0.0 if math.isfinite(value) else None


def category_of(text: str | None, words: Collection[str]) -> str:
    """Return a category; empty for a missing cell.

    True and 1.0 of one kind of file are true and 1 of another: they are one category.
    """
    if text is None or text.casefold() in words:
        return ""
    if text.casefold() in TRUTH_VALUES:
        return text.casefold()
    if whole := WHOLE.fullmatch(text):
        return whole[1]
    # Half of a character that takes two codes, cut off by its writer, is no text to onnxruntime.
    return text.encode("utf-8", "replace").decode()


def numbers(column: pd.Series[Any], words: Collection[str]) -> pd.Series[float]:
    """Return a column of texts as float64; NaN where a cell is missing or no number."""
    found = [number_of(text, words) for text in map(text_of, cells_of(column))]
    return pd.Series([math.nan if value is None else value for value in found], index=column.index)


def categories(column: pd.Series[Any], words: Collection[str]) -> pd.Series[str]:
    """Return a column of texts without space around them; empty where a cell is missing."""
    found = [category_of(text, words) for text in map(text_of, cells_of(column))]
    return pd.Series(found, index=column.index, dtype="object")


def features(table: pd.DataFrame, settings: TableIngest) -> pd.DataFrame:
    """Return the features of a table by their types, numbers first."""
    typed: dict[str, pd.Series[Any]]
    typed = {name: numbers(table[name], settings.missing) for name in settings.numbers}
    typed |= {name: categories(table[name], settings.missing) for name in settings.categories}
    return pd.DataFrame(typed, index=table.index)


def keys(typed: pd.DataFrame) -> pd.Series[str]:
    """Return what rows of equal features have in common: a digest; None where all are missing."""
    digests = [_key(row) for row in typed.itertuples(index=False, name=None)]
    return pd.Series(digests, index=typed.index, dtype="object")


def _key(row: Sequence[object]) -> str | None:
    cells = ["" if value is None or value != value else repr(value) for value in row]
    if not any(cell not in ("", "''") for cell in cells):
        return None
    return hashlib.sha256(SEPARATOR.join(cells).encode()).hexdigest()
