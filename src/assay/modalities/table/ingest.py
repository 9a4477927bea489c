"""The source and the inbox become one table, nothing left out.

Reads the named source and every table in the inbox. Writes one Parquet file: ``id``, the features
as the texts that stand in the files, the objective's columns (``label``), the slice columns. Drops
no row: ``measure`` counts the defects, ``split`` drops what can't be learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import tables
from assay.gateways.sources import inbox as inboxes
from assay.gateways.sources.plain import require_plain
from assay.modalities.row_ids import row_ids
from assay.modalities.table import cells, sources
from assay.settings.labels import cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.settings.table import TableIngest


def ingest(
    settings: TableIngest, columns: Mapping[str, str], inbox: Path, target: Path
) -> dict[str, int]:
    """Write all rows to ``target``; return the number of rows by where they came from.

    Args:
        settings: the source, and the columns that are features or slices.
        columns: the objective's columns by our name, and the name that the user's files give them.
        inbox: the user's files.
        target: the table to write.

    Raises:
        SourceRefused: no rows at all, a column is missing, a file cannot be read, a column that
            is wanted holds bytes or nested values.

    """
    parts = _parts(settings, columns, inbox)
    if not parts:
        raise inboxes.hidden_alone(inbox) or SourceRefused(
            f"there is nothing to learn from: ingest.source is null and {inbox}/ holds no table",
            expected=f"a file with the columns that params.yaml names in {inbox}/",
            cure=f"copy your file there: cp YOUR.csv {inbox}/",
        )
    table = pd.concat(list(parts.values()), ignore_index=True)
    if settings.limit and len(table) > settings.limit:
        table = table.iloc[np.linspace(0, len(table) - 1, settings.limit).astype(int)]
    rows = (map(str, row) for row in table.itertuples(index=False, name=None))
    table.insert(0, "id", row_ids(rows))
    table.to_parquet(target, index=False)
    return {name: len(part) for name, part in parts.items()}


def _parts(
    settings: TableIngest, columns: Mapping[str, str], inbox: Path
) -> dict[str, pd.DataFrame]:
    parts: dict[str, pd.DataFrame] = {}
    if settings.source:
        part = sources.named(settings.source)
        parts[settings.source] = _chosen(settings.source, part, settings, dict.fromkeys(columns))
    for file in inboxes.files(inbox):
        name = str(file.relative_to(inbox))
        parts[name] = _chosen(
            str(file), tables.read_table(file, settings.limits), settings, columns
        )
    return parts


def labels_of(where: str, table: pd.DataFrame, column: str) -> pd.Series[str]:
    """Return a column of labels as texts: no white space around them, in NFC, missing if empty.

    ``where`` names what the table was read from.

    Raises:
        SourceRefused: the column holds bytes or nested values.

    """
    require_plain(where, table, [column])
    texts = [cells.text_of(cell) for cell in cells.cells_of(table[column])]
    return pd.Series([text and cleaned(text) for text in texts], dtype="str")


def _chosen(
    where: str, table: pd.DataFrame, settings: TableIngest, columns: Mapping[str, str | None]
) -> pd.DataFrame:
    """Return the columns that the settings name, as texts; the objective's get our names."""
    theirs = {ours: _found(table, ours, name) for ours, name in columns.items()}
    wanted = [*settings.numbers, *settings.categories, *settings.slices]
    absent = [name for name in wanted if name not in table]
    absent += [str(columns[ours] or ours) for ours, name in theirs.items() if name is None]
    if absent:
        raise SourceRefused(
            f"{where} has no column {', '.join(map(repr, absent))}; it has "
            + ", ".join(repr(str(name)) for name in table.columns),
            expected="every column of ingest.numbers, ingest.categories and ingest.slices, and "
            "the label's",
            cure="rename the columns in the file, or correct `ingest` in params.yaml",
        )
    require_plain(where, table, wanted)
    parts = {name: _texts(table[name]) for name in dict.fromkeys(wanted)}
    parts |= {
        ours: labels_of(where, table, name) for ours, name in theirs.items() if name is not None
    }
    return pd.DataFrame(parts)


def _found(table: pd.DataFrame, ours: str, theirs: str | None) -> str | None:
    return next((name for name in (theirs, ours) if name is not None and name in table), None)


def _texts(values: pd.Series[str]) -> pd.Series[str]:
    return pd.Series([cells.text_of(cell) for cell in cells.cells_of(values)], dtype="str")
