"""Go through the images of a table in order, several at a time, never all of them at once.

Reads a Parquet table's column ``image``. Writes nothing. Works in processes, not threads: of a
small picture most of the work is Python's own, and threads that wait for each other take longer
over it than one alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from joblib import Parallel, delayed
from pyarrow import parquet

from assay import cores
from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

T = TypeVar("T")

# Rows that travel to a process together: photographs of a few megabytes are well bounded by it.
CHUNK = 64
# A table of fewer rows is done before another process has started.
FEW = 512


def map_images(table: Path, function: Callable[[bytes], T], name: str) -> Iterator[T]:
    """Yield what ``function`` returns of each image's bytes (empty where there are none), in order.

    ``function`` and what it returns must be picklable.
    """
    with parquet.ParquetFile(table) as file:
        rows = file.metadata.num_rows
        workers = 1 if rows < FEW else cores.usable()
        chunks = (
            [content or b"" for content in chunk["image"].to_pylist()]
            for chunk in file.iter_batches(CHUNK, columns=["image"])
        )
        with (
            Parallel(n_jobs=workers, return_as="generator") as parallel,
            Progress(name, rows) as bar,
        ):
            for found in parallel(delayed(_all)(function, chunk) for chunk in chunks):
                yield from found
                bar.advance(len(found))


def _all(function: Callable[[bytes], T], contents: Sequence[bytes]) -> list[T]:
    return [function(content) for content in contents]
