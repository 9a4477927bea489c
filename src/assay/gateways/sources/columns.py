"""The columns of a named source's table, by our names, and labels in words.

Reads the table's file. Writes nothing, leaves no row out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.errors import SourceRefused
from assay.gateways import tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

SENTIMENTS = {"0": "negative", "1": "positive"}
CURE = "remove the file and run again to fetch it anew, or correct your mirror's copy"


def read(path: Path, named: Mapping[str, str]) -> pd.DataFrame:
    """Return a table's columns as texts, under our names; an empty cell is missing.

    Args:
        path: a CSV file with a header line.
        named: our names by the file's.

    Raises:
        SourceRefused: a column is missing, or the file can't be read.

    """
    table = tables.read_table(path)
    if missing := [name for name in named if name not in table]:
        raise SourceRefused(
            f"{path} has no column {' and '.join(map(repr, missing))}; it has "
            + ", ".join(map(repr, map(str, table.columns))),
            expected="the columns " + ", ".join(map(repr, named)),
            cure=CURE,
        )
    return table[list(named)].rename(columns=dict(named))


def in_words(path: Path, values: pd.Series[str], words: Mapping[str, str]) -> pd.Series[str]:
    """Return labels in words.

    Raises:
        SourceRefused: ``path`` holds a label that has no word.

    """
    if unknown := [value for value in values.unique() if value not in words]:
        raise SourceRefused(
            f"{path} holds the label {str(unknown[0])!r}",
            expected="one of " + ", ".join(map(repr, words)),
            cure=CURE,
        )
    return values.map(dict(words))
