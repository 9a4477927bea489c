"""The source and the inbox become one table of encoded images, nothing left out.

Reads the named source, and folders and tables in the inbox. Writes one Parquet file row group by
row group: ``id``, ``image`` (the file's bytes), ``label`` (where the objective asks for one),
``given`` (the split that the source put the row in: ``train``, ``test`` or null) and the slice
columns. Drops nothing:
``measure`` counts the defects, ``split`` drops what can't be learned from.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from assay.errors import SourceRefused
from assay.gateways import sources
from assay.gateways.sources import folder
from assay.gateways.sources import inbox as inboxes
from assay.gateways.sources.listed import Columns, Joined
from assay.modalities.image.row_groups import RowGroups
from assay.modalities.row_ids import RowIds, digest
from assay.progress import Progress, say

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from assay.gateways.sources.images import Images
    from assay.settings.image import ImageIngest

    Row = dict[str, str | bytes | None]

LABEL = "label"
# Rows that become an Arrow batch together: so many encoded images are in memory twice.
CHUNK = 16
SHOWN = 3


def ingest(
    settings: ImageIngest, columns: Mapping[str, str], inbox: Path, target: Path
) -> dict[str, int]:
    """Write all rows to ``target``; return the number of rows by where they came from.

    The source's rows stand first, then those of the inbox's tables and class folders by name.

    Args:
        settings: the source, and the columns of images and slices.
        columns: the objective's columns by our name, and the name that the user's files give them:
            ``label``, or none.
        inbox: the user's files.
        target: the table to write.

    Raises:
        SourceRefused: no images at all, a column is missing, a file cannot be read.

    """
    parts = _parts(settings, columns, inbox)
    joined = Joined(list(parts.values()))
    if not len(joined):
        raise inboxes.hidden_alone(inbox) or SourceRefused(
            f"there is nothing to learn from: ingest.source is "
            f"{settings.source or 'null'} and {inbox}/ holds no image",
            expected=_expected(columns, inbox),
            cure=f"copy your folders there: cp -r YOUR_FOLDER/* {inbox}/",
        )
    _require_slices(settings.slices, joined, inbox)
    names = ("id", "image", *columns, "given", *settings.slices)
    _write(joined, _wanted(len(joined), settings.limit), names, target)
    return {name: len(part) for name, part in parts.items()}


def _parts(settings: ImageIngest, columns: Mapping[str, str], inbox: Path) -> dict[str, Images]:
    parts: dict[str, Images] = {}
    if settings.source:
        parts[settings.source] = sources.images(settings.source)
    named = Columns(settings.image, columns.get(LABEL), settings.slices, limits=settings.limits)
    found = folder.contents(inbox, named)
    if found.left_alone:
        shown = ", ".join(file.name for file in found.left_alone[:SHOWN])
        say(
            f"ingest: {len(found.left_alone):,} files of {inbox}/ are neither images "
            f"({' '.join(folder.SUFFIXES)}) nor tables and were left alone ({shown})"
        )
    return parts | found.parts


def _expected(columns: Mapping[str, str], inbox: Path) -> str:
    if LABEL in columns:
        return f"images in {inbox}/CLASS/, a folder a class, or a table that lists them"
    return f"images in {inbox}/, or a table that lists them"


def _require_slices(slices: tuple[str, ...], found: Images, inbox: Path) -> None:
    if absent := sorted(set(slices) - set(found.columns)):
        raise SourceRefused(
            f"ingest.slices names {', '.join(map(repr, absent))}, which no table has",
            expected=f"columns of a table in {inbox}/",
            cure="correct ingest.slices in params.yaml, or add the column to a table",
        )


def _wanted(rows: int, limit: int | None) -> Collection[int]:
    """Return the places to read: all of them, or ``limit``, evenly spread."""
    if limit is None or rows <= limit:
        return range(rows)
    return frozenset(np.linspace(0, rows - 1, limit).astype(int).tolist())


def _write(found: Images, wanted: Collection[int], names: Sequence[str], target: Path) -> None:
    types = {"image": pa.binary()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in names])
    with RowGroups(target, schema) as groups, Progress("reading images", len(wanted)) as bar:
        for chunk in _chunks(_rows(found, wanted, names)):
            groups.add(pa.RecordBatch.from_pylist(chunk, schema=schema))
            bar.advance(len(chunk))


def _rows(found: Images, wanted: Collection[int], names: Sequence[str]) -> Iterator[Row]:
    ids = RowIds()
    for row in found.read(wanted):
        own: Row = {
            "id": ids.of(row.path or digest(row.image)),
            "image": row.image,
            LABEL: row.label,
            "given": row.given,
        }
        yield {name: own[name] if name in own else row.columns.get(name) for name in names}


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
