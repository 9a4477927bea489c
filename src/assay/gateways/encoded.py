"""Refuse a Parquet file that decodes to more than the limits, before it is decoded.

Reads bytes that are in memory already. Writes nothing. Parquet writes a text that recurs once: a
small file may stand for any number of rows of it. Its dictionaries are looked at as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet

if TYPE_CHECKING:
    from assay.gateways.bounds import Bounds

# Rows that are looked at together.
BATCH = 1024


def require_decodable(content: bytes, bounds: Bounds) -> None:
    """Refuse what is larger than the limits, by the footer first, then by the cells.

    Raises:
        SourceRefused: too many bytes, columns or cells; a text or row that is too long is named.
        ValueError, OSError: this is no Parquet.

    """
    metadata = parquet.read_metadata(pa.BufferReader(content))
    bounds.require_shape(metadata.num_rows, metadata.num_columns)
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    size = sum(group.total_byte_size for group in groups)
    limits = bounds.limits
    if size > limits.table_bytes:
        found = f"{bounds.path} decodes to {size:,} bytes, by its footer"
        raise bounds.refused("table_bytes", found)
    # No cell is longer than all that a row group holds.
    largest = max((group.total_byte_size for group in groups), default=0)
    if largest > min(limits.cell_characters, limits.row_characters) or (
        metadata.num_rows * largest > limits.table_bytes
    ):
        _require_cells(content, bounds)


def _require_cells(content: bytes, bounds: Bounds) -> None:
    schema = parquet.read_schema(pa.BufferReader(content))
    file = parquet.ParquetFile(pa.BufferReader(content), read_dictionary=texts_of(schema))
    start = size = 0
    for batch in file.iter_batches(BATCH):
        require_texts(batch, schema, replace(bounds, rows=start))
        size += int(sizes_of(batch).sum()) + size_of_others(batch)
        start += len(batch)
        if size > bounds.limits.table_bytes:
            found = f"{bounds.path} decodes to more than {bounds.limits.table_bytes:,} bytes"
            raise bounds.refused("table_bytes", f"{found}, at row {start:,}")


def texts_of(schema: Any) -> list[str]:
    """Return the names of columns that hold texts or bytes, to be read as dictionaries."""
    return [field.name for field in schema if _is_text(field.type) or _is_bytes(field.type)]


def require_texts(batch: Any, schema: Any, bounds: Bounds) -> None:
    """Refuse a text, or a row of texts, that is too long, in a batch whose texts may be encoded.

    Raises:
        SourceRefused: the row, and the column if one alone is too long, are named.

    """
    widths = None
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if not _is_text(schema.field(name).type):
            continue
        lengths = _per_row(column, compute.utf8_length)
        longest = compute.max(lengths).as_py() or 0
        if longest > bounds.limits.cell_characters:
            raise bounds.long_cell(compute.index(lengths, longest).as_py() + 1, name, longest)
        lengths = compute.fill_null(lengths, 0).cast(pa.int64())
        widths = lengths if widths is None else compute.add(widths, lengths)
    widest = 0 if widths is None else compute.max(widths).as_py() or 0
    if widest > bounds.limits.row_characters:
        raise bounds.wide_row(compute.index(widths, widest).as_py() + 1, widest)


def sizes_of(batch: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how many bytes the texts and bytes of each row decode to."""
    sizes = np.zeros(len(batch), dtype=np.int64)
    for column in batch.columns:
        if _is_text(column.type) or _is_bytes(column.type):
            lengths = compute.fill_null(_per_row(column, compute.binary_length), 0)
            sizes += lengths.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return sizes


def size_of_others(batch: Any) -> int:
    """Return how many bytes the columns of a batch take that hold neither texts nor bytes."""
    return sum(
        column.nbytes
        for column in batch.columns
        if not (_is_text(column.type) or _is_bytes(column.type))
    )


def _per_row(column: Any, measure: Any) -> Any:
    """Return the length of each row's value; of a dictionary each value is measured once."""
    if isinstance(column, pa.DictionaryArray):
        return compute.take(measure(column.dictionary), column.indices)
    return measure(column)


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bytes(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_bytes(kind.value_type)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
