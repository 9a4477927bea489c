"""Go through the images of a table in order, several at a time, never all of them at once.

Reads a Parquet table's column ``image``. Writes nothing.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from pyarrow import parquet

from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

# Rows in memory, encoded; decoded are only as many as there are threads.
CHUNK = 512
# Pillow lets go of Python's lock while it decodes: threads do.
THREADS = min(8, os.cpu_count() or 1)


def each(table: Path, look: Callable[[bytes], T], name: str) -> Iterator[T]:
    """Yield what ``look`` makes of each image's bytes (empty where there are none), in order."""
    with (
        parquet.ParquetFile(table) as file,
        ThreadPoolExecutor(THREADS) as pool,
        Progress(name, file.metadata.num_rows) as bar,
    ):
        for chunk in file.iter_batches(CHUNK, columns=["image"]):
            contents = [content or b"" for content in chunk["image"].to_pylist()]
            yield from pool.map(look, contents)
            bar.advance(len(contents))
