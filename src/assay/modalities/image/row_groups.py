"""A Parquet file of images, written in row groups of a bounded size.

Writes the file that it is told to. What waits to be written is all that it holds in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

# A row group ends at whichever comes first.
GROUP_ROWS, GROUP_BYTES = 4096, 32 * 2**20


class RowGroups:
    """A context manager: batches of rows go in, a Parquet file comes out."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Open ``path``, which is written with exactly this schema."""
        self._schema = schema
        self._writer = parquet.ParquetWriter(path, schema)
        self._waiting: list[pa.RecordBatch] = []

    def __enter__(self) -> RowGroups:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, rows: pa.RecordBatch) -> None:
        """Take rows; write a row group when enough of them wait."""
        self._waiting.append(rows)
        size = sum(batch.nbytes for batch in self._waiting)
        if size >= GROUP_BYTES or sum(map(len, self._waiting)) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._waiting, schema=self._schema)
        if len(table):
            self._writer.write_table(table)
        self._waiting = []
