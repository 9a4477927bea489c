"""The source and the inbox become one table, nothing left out.

Reads the named source and every table in the inbox. Writes one Parquet file: ``id``, ``text``,
``label``, the source's own columns. Drops nothing: ``validate`` counts the dirt, ``split`` drops
what can't be learned from.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import sources, tables

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.text import TextIngest, TextModel


def ingest(settings: TextModel, inbox: Path, target: Path) -> dict[str, int]:
    """Write all rows to ``target``; return the number of rows by where they came from.

    The source's rows stand first, then those of the inbox's files by name. A file that is added
    later should sort last (name it by date): ``split`` sends a near duplicate to the side of the
    row before it.

    Raises:
        SourceRefused: no rows at all, a column is missing, a file cannot be read or holds bytes.

    """
    parts = _parts(settings.ingest, inbox)
    if not parts:
        raise SourceRefused(
            f"there is nothing to learn from: ingest.source is null and {inbox}/ holds no table",
            expected=f"a file with the columns {settings.ingest.text!r} and "
            f"{settings.ingest.label!r} in {inbox}/",
            cure=f"copy your file there: cp YOUR.csv {inbox}/",
        )
    table = _joined(list(parts.values()))
    if settings.ingest.limit and len(table) > settings.ingest.limit:
        table = table.iloc[np.linspace(0, len(table) - 1, settings.ingest.limit).astype(int)]
    table.insert(0, "id", _ids(table))
    table.to_parquet(target, index=False)
    return {name: len(part) for name, part in parts.items()}


def _parts(settings: TextIngest, inbox: Path) -> dict[str, pd.DataFrame]:
    parts: dict[str, pd.DataFrame] = {}
    if settings.source:
        parts[settings.source] = sources.texts(settings.source)
    files = [file for file in sorted(inbox.rglob("*")) if _is_table(file)]
    for file in files:
        parts[str(file.relative_to(inbox))] = _named_columns(file, settings)
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


def _named_columns(file: Path, settings: TextIngest) -> pd.DataFrame:
    """Read one file of the inbox; its text and label columns get the house's names."""
    table = tables.read_table(file)
    names = [str(name) for name in table.columns]
    text = tables.column_of(file, names, settings.text, "text")
    label = tables.column_of(file, names, settings.label, "label")
    others = [name for name in table.columns if name not in (text, label, "id", "text", "label")]
    named = table[[text, label, *others]].set_axis(["text", "label", *others], axis="columns")
    for name in ("text", "label", *settings.slices):
        if name in named:
            named[name] = _as_text(file, named[name])
    return named


def _as_text(file: Path, values: pd.Series[Any]) -> pd.Series[str]:
    if any(isinstance(value, bytes) for value in values):
        raise SourceRefused(
            f"the column for {values.name!r} of {file} holds raw bytes",
            expected="text",
            cure="decode it (as UTF-8, most often) and save the file anew",
        )
    return values.astype("str")


def _ids(table: pd.DataFrame) -> list[str]:
    """Name each row by what it says and how often that came before: equal rows keep equal ids."""
    rows = table["text"].fillna("").astype(str) + "\x1f" + table["label"].fillna("").astype(str)
    digests = rows.map(lambda row: hashlib.sha256(row.encode()).hexdigest()[:16])
    repeat = digests.groupby(digests).cumcount()
    return [
        digest if count == 0 else f"{digest}-{count}"
        for digest, count in zip(digests, repeat, strict=True)
    ]
