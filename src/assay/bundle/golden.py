"""Golden rows: inputs that a bundle carries, with the logits that its fp32 graph gave to them.

Reads and writes ``golden.parquet`` of a bundle's folder: one row an input, its feeds flattened
beside their shapes, and its logits. The inputs are made up by the task, from no row that anyone
brought: a bundle may go where the data may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from assay.bundle.session import Session

    Array = np.ndarray[Any, Any]
    Feeds = Mapping[str, Array]

FILE = "golden.parquet"
ROWS = 16
LOGITS, SHAPE = "logits", "{}/shape"


@dataclass(frozen=True)
class Golden:
    """The rows.

    Attributes:
        feeds: of each row, as a batch of one.
        logits: float32 of shape (rows, outputs), by the fp32 graph on the exporting processor: of
            the classes, or of the tokens that may follow.

    """

    feeds: Sequence[Feeds]
    logits: Array

    @classmethod
    def measured(cls, fp32: Session, feeds: Sequence[Feeds]) -> Golden:
        """Ask the fp32 graph for the logits of each row."""
        return cls(feeds, _logits(fp32, feeds))

    def largest_difference(self, session: Session) -> float:
        """Return by how much the logits of a graph differ from the rows' own, at most."""
        found = float(np.abs(_logits(session, self.feeds) - self.logits).max())
        return float("inf") if np.isnan(found) else found


def write(folder: Path, golden: Golden) -> None:
    """Write the rows into a bundle's folder; equal rows, equal bytes."""
    columns: dict[str, list[Any]] = {}
    for feeds in golden.feeds:
        for name, values in sorted(feeds.items()):
            columns.setdefault(name, []).append(values.ravel().tolist())
            columns.setdefault(SHAPE.format(name), []).append(list(values.shape))
    types = {name: values.dtype for name, values in golden.feeds[0].items()}
    arrays = {
        name: pa.array(values, _arrow(types[name]) if name in types else None)
        for name, values in columns.items()
    }
    arrays[LOGITS] = pa.array(golden.logits.tolist(), pa.list_(pa.float32()))
    parquet.write_table(pa.table(arrays), folder / FILE, compression="zstd")


def read(folder: Path) -> Golden:
    """Read the rows of a bundle's folder, whose digests were checked before."""
    table = parquet.read_table(folder / FILE)
    shapes = [name for name in table.column_names if name.endswith(SHAPE.format(""))]
    names = [name.removesuffix(SHAPE.format("")) for name in shapes]
    types = {name: _numpy(table.schema.field(name).type.value_type) for name in names}
    rows = table.to_pylist()
    feeds = [
        {
            name: np.array(row[name], dtype=types[name]).reshape(row[SHAPE.format(name)])
            for name in names
        }
        for row in rows
    ]
    return Golden(feeds, np.array([row[LOGITS] for row in rows], dtype=np.float32))


def _logits(session: Session, feeds: Sequence[Feeds]) -> Array:
    return np.concatenate([session.run(one).reshape(1, -1) for one in feeds])


def _arrow(kind: np.dtype[Any]) -> pa.DataType:
    return pa.list_(pa.string() if kind == np.dtype(object) else pa.from_numpy_dtype(kind))


def _numpy(kind: pa.DataType) -> Any:
    return np.dtype(object) if pa.types.is_string(kind) else kind.to_pandas_dtype()
