"""The source and the inbox become one table, nothing left out.

Reads the named source and every table in the inbox. Writes one Parquet file: ``id``, ``text``, the
objective's columns (``label``), the source's own (``given``, where it comes with a test split:
``train``, ``test``, or null for a row of the inbox). Drops nothing: ``measure`` counts the defects,
``split`` drops what can't be learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import sources, tables
from assay.gateways.sources import inbox as inboxes
from assay.gateways.sources.plain import require_plain
from assay.modalities.row_ids import row_ids
from assay.modalities.text.cleaning import GIVEN
from assay.settings.labels import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from assay.settings.text import TextIngest

TEXT = "text"
# Names of ours: a user's other columns of these names, or of the objective's, are left out.
RESERVED = ("id", TEXT, GIVEN)


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
        SourceRefused: no rows at all, a column is missing, a file cannot be read or holds bytes
            or nested values.

    """
    named = {TEXT: settings.text, **columns}
    parts = _parts(settings, named, inbox)
    if not parts:
        raise inboxes.hidden_alone(inbox) or SourceRefused(
            f"there is nothing to learn from: ingest.source is null and {inbox}/ holds no table",
            expected=f"a file with the columns {' and '.join(map(repr, named.values()))} in "
            f"{inbox}/",
            cure=f"copy your file there: cp YOUR.csv {inbox}/",
        )
    return write(parts, named, settings.limit, target)


def write(
    parts: Mapping[str, pd.DataFrame], named: Iterable[str], limit: int | None, target: Path
) -> dict[str, int]:
    """Write the rows of all parts to ``target``; return the number of each part's rows.

    Args:
        parts: tables by where they came from, at least one.
        named: the columns whose content gives a row its id.
        limit: of more rows than these, so many are kept, from the whole length; None: all.
        target: the table to write.

    """
    table = _joined(list(parts.values()))
    if limit and len(table) > limit:
        table = table.iloc[np.linspace(0, len(table) - 1, limit).astype(int)]
    table.insert(0, "id", _ids(table, list(named)))
    table.to_parquet(target, index=False)
    return {name: len(part) for name, part in parts.items()}


def _parts(settings: TextIngest, named: Mapping[str, str], inbox: Path) -> dict[str, pd.DataFrame]:
    parts: dict[str, pd.DataFrame] = {}
    if settings.source:
        parts[settings.source] = sources.texts(settings.source)
    for file in inboxes.files(inbox):
        table = tables.read_table(file, settings.limits)
        parts[str(file.relative_to(inbox))] = chosen(file, table, named, settings.slices)
    return parts


def chosen(
    file: Path, table: pd.DataFrame, named: Mapping[str, str], slices: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return a user's table with the columns that ``named`` asks for by our names, as text.

    The objective's columns come without white space around them, in NFC; an empty one is missing.

    Args:
        file: what the table was read from.
        table: as ``tables.read_table`` gives it.
        named: the text's column and the objective's, by our name.
        slices: further columns that must be text.

    Raises:
        SourceRefused: a column is missing, or holds bytes or nested values.

    """
    names = [str(name) for name in table.columns]
    found = {our: tables.column_of(file, names, theirs, our) for our, theirs in named.items()}
    require_plain(file, table, [*found.values(), *(name for name in slices if name in table)])
    taken = {*found.values(), *found, *RESERVED}
    others = [name for name in table.columns if name not in taken]
    part = table[[*found.values(), *others]].set_axis([*found, *others], axis="columns")
    for name in (*found, *slices):
        if name in part:
            part[name] = part[name].astype("str")
    for name in found:
        if name != TEXT:
            part[name] = _labels(part[name])
    return part


def _labels(values: pd.Series[str]) -> pd.Series[str]:
    spelt = [None if pd.isna(value) else cleaned(value) or None for value in values]
    return pd.Series(spelt, index=values.index, dtype="str")


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all parts; a column whose type differs between them becomes text."""
    table = pd.concat(parts, ignore_index=True)
    for name in table.columns:
        kinds = {part[name].dtype for part in parts if name in part}
        if len(kinds) > 1:
            table[name] = table[name].astype("str")
    return table


def _ids(table: pd.DataFrame, columns: list[str]) -> list[str]:
    texts = [table[name].fillna("").astype(str) for name in columns]
    return row_ids(zip(*texts, strict=True))
