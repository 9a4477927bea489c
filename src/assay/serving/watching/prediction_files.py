"""Files of rows that the server answered, for each model: written whole, and not kept for ever.

Writes Parquet files into the folder that it is given, atomically, each readable by its owner alone;
removes the oldest of them past a bound. Reads nothing but their sizes and times.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from assay.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
MEGABYTE = 1_000_000
# What a process that was killed left half-written is older than this, in seconds.
LEFTOVER = 3600


@dataclass(frozen=True)
class Bounds:
    """How large files grow, and how long they are kept.

    Attributes:
        rows: of a file, at most.
        seconds: after which a file is written, however few rows there are.
        days: for which files are kept.
        megabytes: of all files of a model.

    """

    rows: int = 10_000
    seconds: float = 300.0
    days: float = 30.0
    megabytes: float = 1000.0


class PartFiles:
    """The files of one model; called by one thread alone."""

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        """Take the folder; it is made when there is something to write."""
        self._folder, self._bounds = folder, bounds
        self._tables: list[pa.Table] = []
        self._since = 0.0
        self._numbers = count()

    @property
    def rows(self) -> int:
        """Rows that wait for their file."""
        return sum(table.num_rows for table in self._tables)

    @property
    def due(self) -> float:
        """When the next file is due, by :func:`time.monotonic`; infinite without a row."""
        return self._since + self._bounds.seconds if self._tables else float("inf")

    def add(self, table: pa.Table) -> None:
        """Take rows; write a file when there are enough, or when they have other columns.

        Raises:
            OSError, OutOfSpace: the file cannot be written; its rows are lost.

        """
        if self._tables and not self._tables[0].schema.equals(table.schema):
            self.write()
        if not self._tables:
            self._since = time.monotonic()
        self._tables.append(table)
        if self.rows >= self._bounds.rows:
            self.write()

    def write(self) -> None:
        """Write what waits into a file, and remove files that are too old or too many.

        Raises:
            OSError, OutOfSpace: the file cannot be written; its rows are lost.

        """
        tables, self._tables = self._tables, []
        if not tables:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        target = self._folder / f"{now}-{os.getpid()}-{next(self._numbers):06d}.parquet"
        with replacing(target) as beside:
            os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            parquet.write_table(pa.concat_tables(tables), beside, compression="zstd")
        self._remove_old()

    def _remove_old(self) -> None:
        now, left = time.time(), self._bounds.megabytes * MEGABYTE
        # The newest first; another server's process may remove the same ones.
        for path in sorted(self._folder.glob("*.parquet"), reverse=True):
            with suppress(FileNotFoundError):
                found = path.stat()
                left -= found.st_size
                if left < 0 or now - found.st_mtime > self._bounds.days * DAY:
                    path.unlink()
        for path in self._folder.glob(".*.partial"):
            with suppress(FileNotFoundError):
                if now - path.stat().st_mtime > LEFTOVER:
                    path.unlink()
