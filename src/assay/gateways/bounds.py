"""Refuse a table that is larger than a model's ``ingest.limits`` while it is read, not after.

Reads the table's file. Writes nothing. A refusal names the file, the row and column where there
are any, and the setting that would let it pass.
"""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from assay.errors import SourceRefused

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.limits import Limits

CHUNK = 2**20
# Unpacked bytes that are kept before it is known how many there are: past them the rest is first
# counted, so that a file that unpacks to terabytes takes no more memory than this.
HELD = 64 * 2**20
SHOWN = 40
# One line with its end, found only when the reader of the header asks for it.
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Bounds:
    """The limits of one file, and the refusals that name it.

    Attributes:
        path: the file.
        limits: what it may hold.
        lines, rows: how many of them stand before the part that is looked at.

    """

    path: Path
    limits: Limits
    lines: int = 0
    rows: int = 0

    def content(self) -> bytes:
        """Return the file's bytes, unpacked if it is gzipped.

        Raises:
            SourceRefused: there are more than ``table_bytes``.

        """
        if self.path.suffix.lower() != ".gz":
            if (size := self.path.stat().st_size) > self.limits.table_bytes:
                raise self.refused("table_bytes", f"{self.path} holds {size:,} bytes")
            return self.path.read_bytes()
        with gzip.open(self.path) as stream:
            content = bytearray()
            while len(content) < HELD and (chunk := stream.read(CHUNK)):
                content += chunk
                self._require_size(len(content))
            if len(content) < HELD:
                return bytes(content)
            size = self._counted(stream, len(content))
        del content
        with gzip.open(self.path) as stream:
            return stream.read(size)

    def _counted(self, stream: gzip.GzipFile, size: int) -> int:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            self._require_size(size)
        return size

    def _require_size(self, size: int) -> None:
        if size > self.limits.table_bytes:
            found = f"{self.path} ({self.path.stat().st_size:,} bytes) unpacks to more than "
            raise self.refused("table_bytes", f"{found}{self.limits.table_bytes:,} bytes")

    def require_lines(self, text: str) -> None:
        """Refuse a line that no row of bounded width can be. Costs a look every ``row_characters``.

        Raises:
            SourceRefused: a line is longer than ``row_characters``; it is named.

        """
        most, start = self.limits.row_characters, 0
        while len(text) - start > most:
            # The last end of a line in reach: from there on the same holds.
            end = max(text.rfind("\n", start, start + most + 1), 0)
            end = end or text.rfind("\r", start, start + most + 1)
            if end < start:
                line = self.lines + text.count("\n", 0, start) + 1
                raise self.refused(
                    "row_characters",
                    f"line {line:,} of {self.path} is longer than {most:,} characters",
                )
            start = end + 1

    def require_header(self, text: str, separator: str) -> None:
        """Refuse CSV whose header names too many columns for a table of so many lines.

        Raises:
            SourceRefused: more than ``columns`` of them, or more than ``cells`` in all.

        """
        lines = (line.group() for line in LINE.finditer(text))
        reader = csv.reader(lines, delimiter=separator)
        try:
            columns = len(next((row for row in reader if row), []))
        except csv.Error as problem:
            raise self.refused(
                "cell_characters", f"the header line of {self.path} cannot be split: {problem}"
            ) from problem
        # Counted where it matters: no text has more lines than characters.
        many = len(text) * columns > self.limits.cells
        self.require_shape(text.count("\n") if many else 0, columns)

    def require_shape(self, rows: int, columns: int) -> None:
        """Refuse more columns, or rows times columns, than there may be.

        Raises:
            SourceRefused: says which.

        """
        self.require_columns(columns)
        if rows * columns > self.limits.cells:
            found = f"{self.path} has {rows:,} rows of {columns:,} columns"
            raise self.refused("cells", f"{found}, {rows * columns:,} cells")

    def require_columns(self, columns: int) -> None:
        """Refuse more columns than there may be.

        Raises:
            SourceRefused: says how many there are.

        """
        if columns > self.limits.columns:
            raise self.refused("columns", f"{self.path} has {columns:,} columns")

    def require_texts(self, table: pd.DataFrame) -> None:
        """Refuse a text, or a row of texts, that is too long.

        Raises:
            SourceRefused: the longest of the first such column is named, or the widest row.

        """
        texts = [name for name in table.columns if _is_text(table[name])]
        # Bytes are never fewer than characters, and need no look at the text.
        sizes = [_longest(compute.binary_length(pa.array(table[name]))) for name in texts]
        limits = self.limits
        short = max(sizes, default=0) <= limits.cell_characters
        if short and sum(sizes) <= limits.row_characters:
            return
        widths = np.zeros(len(table), dtype=np.int64)
        for name in texts:
            lengths = table[name].str.len().fillna(0).to_numpy(dtype=np.int64)
            if (most := int(lengths.max(initial=0))) > limits.cell_characters:
                raise self.long_cell(int(lengths.argmax()) + 1, str(name), most)
            widths += lengths
        if (most := int(widths.max(initial=0))) > limits.row_characters:
            raise self.wide_row(int(widths.argmax()) + 1, most)

    def require_row(self, row: int, cells: dict[str, str | None]) -> None:
        """Refuse one row whose cells, or one of them, are too long.

        Raises:
            SourceRefused: the row, and the column if one alone is too long, are named.

        """
        width = 0
        for name, cell in cells.items():
            length = len(cell or "")
            width += length
            if length > self.limits.cell_characters:
                raise self.long_cell(row, name, length)
        if width > self.limits.row_characters:
            raise self.wide_row(row, width)

    def long_cell(self, row: int, column: str, length: int) -> SourceRefused:
        """Return the refusal of one cell."""
        place = f"row {self.rows + row:,}, column {_short(column)!r} of {self.path}"
        return self.refused("cell_characters", f"{place} holds {length:,} characters")

    def wide_row(self, row: int, width: int) -> SourceRefused:
        """Return the refusal of one row."""
        found = f"row {self.rows + row:,} of {self.path} holds {width:,} characters"
        return self.refused("row_characters", found)

    def refused(self, setting: str, found: str) -> SourceRefused:
        """Return a refusal that names the limit."""
        most = getattr(self.limits, setting)
        return SourceRefused(
            found,
            expected=f"{most:,} at most, by ingest.limits.{setting}",
            cure=f"{CURES[setting]}, or raise ingest.limits.{setting} in params.yaml",
        )


CURES = {
    "table_bytes": "check what the file holds; bring less of it, or several files",
    "cell_characters": "shorten this cell (a quote that is never closed also makes a long one)",
    "row_characters": "shorten this row (a missing line end also makes a long one)",
    "columns": "leave out columns",
    "cells": "leave out columns or rows, or bring several files",
}


def _is_text(column: pd.Series[str]) -> bool:
    return pd.api.types.is_string_dtype(column.dtype)


def _longest(lengths: Any) -> int:
    return compute.max(lengths).as_py() or 0


def _short(name: str) -> str:
    return name if len(name) <= SHOWN else name[:SHOWN] + "…"
