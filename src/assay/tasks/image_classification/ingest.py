"""The source and the inbox become one table of encoded images, nothing left out.

Reads the named source, and class folders and tables in the inbox. Writes one Parquet file row
group by row group: ``id``, ``image`` (the file's bytes), ``label``, ``given`` (the split that the
source put the row in: ``train``, ``test`` or null) and the slice columns. Drops nothing:
``validate`` counts the dirt, ``split`` drops what can't be learned from.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from assay.errors import SourceRefused
from assay.gateways import sources
from assay.gateways.sources import folder
from assay.gateways.sources.listed import Columns, Joined
from assay.progress import Progress, say

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from assay.gateways.sources.pictures import Picture, Pictures
    from assay.settings.image import ImageIngest, ImageModel

HOUSE = ("id", "image", "label", "given")
# A row group ends at whichever comes first: this is what ingest holds in memory.
GROUP_ROWS, GROUP_BYTES = 4096, 32 * 2**20
SHOWN = 3


def ingest(settings: ImageModel, inbox: Path, target: Path) -> dict[str, int]:
    """Write all rows to ``target``; return the number of rows by where they came from.

    The source's rows stand first, then those of the inbox's tables and class folders by name. A
    file that is added later should sort last: ``split`` sends a near duplicate to the side of the
    row before it.

    Raises:
        SourceRefused: no images at all, a column is missing, a file cannot be read.

    """
    parts = _parts(settings.ingest, inbox)
    joined = Joined(list(parts.values()))
    if not len(joined):
        raise SourceRefused(
            f"there is nothing to learn from: ingest.source is "
            f"{settings.ingest.source or 'null'} and {inbox}/ holds no image",
            expected=f"images in {inbox}/CLASS/, a folder a class, or a table that lists them",
            cure=f"copy your folders there: cp -r YOUR_FOLDER/* {inbox}/",
        )
    _require_slices(settings.ingest.slices, joined, inbox)
    _write(joined, _wanted(len(joined), settings.ingest.limit), settings.ingest, target)
    return {name: len(part) for name, part in parts.items()}


def _parts(settings: ImageIngest, inbox: Path) -> dict[str, Pictures]:
    parts: dict[str, Pictures] = {}
    if settings.source:
        parts[settings.source] = sources.pictures(settings.source)
    columns = Columns(settings.image, settings.label, settings.slices)
    found = folder.contents(inbox, columns)
    if found.left_alone:
        shown = ", ".join(file.name for file in found.left_alone[:SHOWN])
        say(
            f"ingest: {len(found.left_alone):,} files of {inbox}/ are neither images "
            f"({' '.join(folder.SUFFIXES)}) nor tables and were left alone ({shown})"
        )
    return parts | found.parts


def _require_slices(slices: tuple[str, ...], found: Pictures, inbox: Path) -> None:
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


def _write(found: Pictures, wanted: Collection[int], settings: ImageIngest, target: Path) -> None:
    kinds = {"image": pa.binary()}
    schema = pa.schema(
        [(name, kinds.get(name, pa.string())) for name in (*HOUSE, *settings.slices)]
    )
    names = _Names()
    group = _Group(schema)
    with (
        parquet.ParquetWriter(target, schema) as writer,
        Progress("reading images", len(wanted)) as bar,
    ):
        for picture in found.read(wanted):
            own = {"id": names.name(picture), **_house(picture)}
            group.add(own | {name: picture.columns.get(name) for name in settings.slices})
            bar.advance()
            if group.is_full:
                writer.write_table(group.taken())
        if group.rows:
            writer.write_table(group.taken())


def _house(picture: Picture) -> dict[str, str | bytes | None]:
    return {"image": picture.image, "label": picture.label, "given": picture.given}


class _Names:
    """Names rows: by its path an image that has one, else by its bytes; equal ones are counted."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def name(self, picture: Picture) -> str:
        own = picture.path or hashlib.sha256(picture.image).hexdigest()[:16]
        before = self._seen[own]
        self._seen[own] += 1
        return own if before == 0 else f"{own}-{before}"


class _Group:
    """Rows that wait to be written together."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self.rows: list[dict[str, str | bytes | None]] = []
        self._bytes = 0

    def add(self, row: dict[str, str | bytes | None]) -> None:
        self.rows.append(row)
        self._bytes += len(row["image"] or b"")

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= GROUP_ROWS or self._bytes >= GROUP_BYTES

    def taken(self) -> pa.Table:
        table = pa.Table.from_pylist(self.rows, schema=self._schema)
        self.rows, self._bytes = [], 0
        return table
