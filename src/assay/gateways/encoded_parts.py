"""The rows of a Parquet file, some at a time.

Reads the file, a batch of rows at a time. Writes nothing. Parquet writes a text that recurs once:
texts are measured before they are decoded, and fewer rows are decoded where they are long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from assay.gateways.blocks import CHARACTERS, ROWS
from assay.gateways.encoded import require_texts, size_of_others, sizes_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from assay.gateways.bounds import Bounds

# Bytes of a file that are read ahead.
AHEAD = 2**20


@dataclass(frozen=True)
class Encoded:
    """A Parquet file that has been looked at.

    Attributes:
        bounds: its limits.
        rows: how many it has.
        stored: its schema.
        schema: the columns that its rows come with, in their order.
        types: pandas' type of each column of whole numbers or truth values that has gaps: those
            of one batch need not show it.

    """

    bounds: Bounds
    rows: int
    stored: pa.Schema
    schema: pa.Schema
    types: dict[str, str]


def look_at(bounds: Bounds) -> Encoded:
    """Look at every row of a Parquet file.

    Raises:
        SourceRefused: too many columns, a text or a row that is too long.
        ValueError, OSError: this is no Parquet.

    """
    schema = parquet.read_schema(bounds.path)
    bounds.require_columns(len(schema.names))
    gaps, rows = dict.fromkeys(schema.names, 0), 0
    with _opened(bounds, schema) as file:
        for batch in file.iter_batches(ROWS):
            require_texts(batch, schema, replace(bounds, rows=rows))
            rows += len(batch)
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                gaps[name] += column.null_count
    types = {
        field.name: "float64" if pa.types.is_integer(field.type) else "object"
        for field in schema
        if gaps[field.name] and _has_no_gap(field.type)
    }
    names = _frame_of(schema.empty_table(), {}).columns
    fields = [pa.field(str(name), _type_of(schema, str(name))) for name in names]
    return Encoded(bounds, rows, schema, pa.schema(fields), types)


def frames(table: Encoded) -> Iterator[pd.DataFrame]:
    """Yield the rows in their order."""
    with _opened(table.bounds, table.stored) as file:
        for batch in file.iter_batches(ROWS):
            sizes = sizes_of(batch) + size_of_others(batch) // max(len(batch), 1)
            for start, end in _cuts(sizes):
                part = pa.Table.from_batches([batch.slice(start, end - start)])
                yield _frame_of(part.cast(table.stored), table.types)


def _opened(bounds: Bounds, schema: pa.Schema) -> Any:
    # Without a buffer of its own, all of a row group is read at once: often that is the file.
    return parquet.ParquetFile(
        bounds.path, read_dictionary=texts_of(schema), buffer_size=AHEAD, pre_buffer=False
    )


def _cuts(sizes: np.ndarray[Any, Any]) -> Iterator[tuple[int, int]]:
    """Yield where to cut rows of these sizes, so that none but a single row is too large."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = ends[start - 1] if start else 0
        end = max(int(np.searchsorted(ends, before + CHARACTERS, side="right")), start + 1)
        yield start, end
        start = end


def _frame_of(table: Any, types: dict[str, str]) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    # A named index is a column that pandas was told to count by; an unnamed one says nothing.
    frame = frame.reset_index(drop=frame.index.names == [None])
    return frame.astype({name: kind for name, kind in types.items() if name in frame.columns})


def _has_no_gap(kind: Any) -> bool:
    """Tell whether pandas has another type where a cell of this one is missing."""
    return bool(pa.types.is_integer(kind) or pa.types.is_boolean(kind))


def _type_of(schema: pa.Schema, name: str) -> Any:
    """Return the type that a column is written with: texts that recur are texts."""
    kind = schema.field(name).type if name in schema.names else pa.int64()
    return kind.value_type if pa.types.is_dictionary(kind) else kind
