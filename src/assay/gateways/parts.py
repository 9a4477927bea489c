"""A table that is read some rows at a time, however many it has.

Reads CSV, TSV, JSON Lines and Parquet twice: once to refuse what must be refused and to count,
then for the rows; JSON documents and gzipped Parquet are read whole. Writes nothing. The rows are
those of :func:`assay.gateways.tables.read_table`; of a model's limits, those on a cell, a row and
the columns hold, while those on a whole table protect memory that is not taken here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from assay.errors import SourceRefused
from assay.gateways import decoding, encoded_parts, objects, tables
from assay.gateways.blocks import CHARACTERS, LINE, ROWS, Block, blocks, row_of
from assay.gateways.bounds import Bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from assay.settings.limits import Limits

    Frames = Callable[[], Iterator[pd.DataFrame]]


@dataclass(frozen=True)
class Parts:
    """The rows of a table, :data:`~assay.gateways.blocks.ROWS` of them at most at a time.

    Attributes:
        path: the file.
        rows: how many there are in all.
        schema: their columns, and the type of each in Parquet.

    """

    path: Path
    rows: int
    schema: pa.Schema
    frames: Frames

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the rows in their order.

        Raises:
            SourceRefused: the file is not what it was when it was opened.

        """
        count = 0
        for frame in self.frames():
            for start in range(0, len(frame), ROWS):
                part = frame.iloc[start : start + ROWS].reset_index(drop=True)
                count += len(part)
                yield part
        if count != self.rows:
            raise SourceRefused(
                f"{self.path} held {self.rows:,} rows, and now holds {count:,}",
                expected="a file that nobody writes to while it is read",
                cure="wait until it is whole, or read a copy of it",
            )


def open_parts(path: Path, limits: Limits) -> Parts:
    """Open a table; all of it has been looked at then, and nothing of it is held.

    Raises:
        MissingFile: nothing is there.
        SourceRefused: empty, of another kind, in another encoding, torn; a cell, a row or the
            columns are larger than ``limits``. What was found too large is named.

    """
    kind = tables.kind_of(path)
    if kind == ".json" or (kind == ".parquet" and path.suffix.lower() == ".gz"):
        table = tables.read_table(path, limits)
        schema = pa.Schema.from_pandas(table, preserve_index=False)
        return Parts(path, len(table), schema, lambda: iter([table]))
    # What bounds the cells of a whole table bounds here those of a block.
    cells = ROWS * limits.columns + CHARACTERS
    bounds = Bounds(path, limits.model_copy(update={"cells": cells}))
    with tables.refusing(path, kind, limits):
        if kind == ".parquet":
            parts = _encoded(bounds)
        elif kind in tables.LINES:
            parts = _objects(bounds)
        else:
            parts = _cells(bounds, tables.separator_of(kind))
    if not parts.rows or not parts.schema.names:
        raise tables.empty(path)
    return replace(parts, frames=lambda: _refusing(parts.frames, path, kind, limits))


def _refusing(frames: Frames, path: Path, kind: str, limits: Limits) -> Iterator[pd.DataFrame]:
    found = iter(frames())
    while True:
        # Around the reading alone: what goes wrong with a row that was read is another matter.
        with tables.refusing(path, kind, limits):
            frame = next(found, None)
        if frame is None:
            return
        yield frame


def _encoded(bounds: Bounds) -> Parts:
    table = encoded_parts.look_at(bounds)
    return Parts(bounds.path, table.rows, table.schema, lambda: encoded_parts.frames(table))


def _texts(bounds: Bounds) -> Callable[[], Iterator[str]]:
    def pieces() -> Iterator[bytes]:
        return decoding.of_file(bounds.path)

    encoding = decoding.encoding_of(pieces, bounds.path)
    return lambda: decoding.texts(pieces(), encoding)


def _cells(bounds: Bounds, separator: str) -> Parts:
    """Look at CSV or TSV."""
    texts = _texts(bounds)

    def frames() -> Iterator[pd.DataFrame]:
        header, rows = "", 0
        for block in blocks(texts(), row_of(separator), bounds):
            if header:
                rest = block
            else:
                header, rest = _without_header(block, separator)
                if not header:
                    continue
            frame = _frame_of_cells(header, rest, separator, rows)
            rows += len(frame)
            yield frame

    return _looked_at(bounds, frames)


def _without_header(block: Block, separator: str) -> tuple[str, Block]:
    """Return the header that stands in a block and what follows it; "" where all of it is blank.

    Blank is what pandas skips: lines that hold nothing, or white space that is no separator.
    """
    blank = re.compile(rf"(?:(?!{separator})[ \t])*[\r\n]*")
    row, start, records = row_of(separator), 0, block.records
    while start < len(block.text):
        found = row.match(block.text, start)
        end, records = (found.end() if found else len(block.text)), records + 1
        if not blank.fullmatch(block.text, start, end):
            header = block.text[start:end]
            block.bounds.require_header(header, separator)
            return header, replace(block, text=block.text[end:], records=records)
        start = end
    return "", block


def _frame_of_cells(header: str, block: Block, separator: str, rows: int) -> pd.DataFrame:
    bounds = replace(block.bounds, rows=rows)
    try:
        return tables.parse_cells(header + block.text, separator, bounds)
    except pd.errors.ParserError:
        # Once more, behind as many lines as stand before it: the parser names the file's line.
        before = "\n" * (block.records - 1)
        return tables.parse_cells(header + before + block.text, separator, bounds)


def _objects(bounds: Bounds) -> Parts:
    """Look at JSON Lines: a column that one row alone has is one of all."""
    texts = _texts(bounds)

    def frames() -> Iterator[pd.DataFrame]:
        rows = 0
        for block in blocks(texts(), LINE, bounds):
            frame = objects.from_lines(block.text, replace(block.bounds, rows=rows))
            rows += len(frame)
            yield frame

    found = _looked_at(bounds, frames)
    names = found.schema.names

    def whole() -> Iterator[pd.DataFrame]:
        for frame in frames():
            yield frame.reindex(columns=names).astype("str")

    return replace(found, frames=whole)


def _looked_at(bounds: Bounds, frames: Frames) -> Parts:
    """Count rows and columns; whatever is to be refused is, before a row of it is used."""
    rows, columns = 0, dict[str, None]()
    for frame in frames():
        rows += len(frame)
        columns |= dict.fromkeys(map(str, frame.columns))
        bounds.require_columns(len(columns))
    schema = pa.schema([(name, pa.string()) for name in columns])
    return Parts(bounds.path, rows, schema, frames)
