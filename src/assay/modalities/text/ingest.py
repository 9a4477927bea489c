"""The source and the inbox become one table, nothing left out.

Reads the named source and every table in the inbox. Writes one Parquet file: ``id``, ``text``, the
objective's columns (``label``), the source's own. Drops nothing: ``measure`` counts the defects,
``split`` drops what can't be learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import sources, tables
from assay.modalities.row_ids import row_ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.settings.text import TextIngest

TEXT = "text"
# Names of ours: a user's other columns of these names are left out.
RESERVED = ("id", TEXT, "label")


def ingest(
    settings: TextIngest, columns: Mapping[str, str], inbox: Path, target: Path
) -> dict[str, int]:
    """Write all rows to ``target``; return the number of rows by where they came from.

    The source's rows stand first, then those of the inbox's files by name.

    Args:
        settings: the source, and the columns of texts and slices.
        columns: the objective's columns by our name, and the name that the user's files give them.
        inbox: the user's files.
        target: the table to write.

    Raises:
        SourceRefused: no rows at all, a column is missing, a file cannot be read or holds bytes.

    """
    named = {TEXT: settings.text, **columns}
    parts = _parts(settings, named, inbox)
    if not parts:
        raise SourceRefused(
            f"there is nothing to learn from: ingest.source is null and {inbox}/ holds no table",
            expected=f"a file with the columns {' and '.join(map(repr, named.values()))} in "
            f"{inbox}/",
            cure=f"copy your file there: cp YOUR.csv {inbox}/",
        )
    table = _joined(list(parts.values()))
    if settings.limit and len(table) > settings.limit:
        table = table.iloc[np.linspace(0, len(table) - 1, settings.limit).astype(int)]
    table.insert(0, "id", _ids(table, list(named)))
    table.to_parquet(target, index=False)
    return {name: len(part) for name, part in parts.items()}


def _parts(settings: TextIngest, named: Mapping[str, str], inbox: Path) -> dict[str, pd.DataFrame]:
    parts: dict[str, pd.DataFrame] = {}
    if settings.source:
        parts[settings.source] = sources.texts(settings.source)
    files = [file for file in sorted(inbox.rglob("*")) if _is_table(file)]
    for file in files:
        parts[str(file.relative_to(inbox))] = _read(file, named, settings.slices)
    return parts


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all parts; a column whose type differs between them becomes text."""
    table = pd.concat(parts, ignore_index=True)
    for name in table.columns:
        kinds = {part[name].dtype for part in parts if name in part}
        if len(kinds) > 1:
            table[name] = table[name].astype("str")
    return table


def _is_table(file: Path) -> bool:
    hidden = file.name.startswith(".") or file.suffix == ".dvc"
    return file.is_file() and not hidden


def _read(file: Path, named: Mapping[str, str], slices: tuple[str, ...]) -> pd.DataFrame:
    """Read one file of the inbox; the columns that ``named`` asks for get our names."""
    table = tables.read_table(file)
    names = [str(name) for name in table.columns]
    found = {our: tables.column_of(file, names, theirs, our) for our, theirs in named.items()}
    taken = {*found.values(), *RESERVED}
    others = [name for name in table.columns if name not in taken]
    part = table[[*found.values(), *others]].set_axis([*found, *others], axis="columns")
    for name in (*found, *slices):
        if name in part:
            part[name] = _as_text(file, part[name])
    return part


def _as_text(file: Path, values: pd.Series[Any]) -> pd.Series[str]:
    if any(isinstance(value, bytes) for value in values):
        raise SourceRefused(
            f"the column for {values.name!r} of {file} holds raw bytes",
            expected="text",
            cure="decode it (as UTF-8, most often) and save the file anew",
        )
    return values.astype("str")


def _ids(table: pd.DataFrame, columns: list[str]) -> list[str]:
    texts = [table[name].fillna("").astype(str) for name in columns]
    return row_ids(zip(*texts, strict=True))
