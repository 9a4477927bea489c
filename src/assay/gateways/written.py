"""Write a table some rows at a time, in the format that its file's name ends in.

Writes CSV, TSV, JSON Lines or Parquet to a path that it is given. Reads nothing. In CSV and TSV a
cell that a spreadsheet would run is text (:mod:`assay.spreadsheet`).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from assay.spreadsheet import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    Write = Callable[[pd.DataFrame], object]


@contextmanager
def cells(path: Path, separator: str) -> Iterator[Write]:
    """Yield what writes rows as CSV, below one header."""
    with path.open("w", encoding="utf-8", newline="") as stream:

        def write(rows: pd.DataFrame) -> None:
            guarded(rows).to_csv(stream, index=False, header=not stream.tell(), sep=separator)

        yield write


@contextmanager
def lines(path: Path) -> Iterator[Write]:
    """Yield what writes rows as JSON, one a line."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        yield lambda rows: rows.to_json(stream, orient="records", lines=True, force_ascii=False)


@contextmanager
def encoded(path: Path, schema: Any, added: Mapping[str, str]) -> Iterator[Write]:
    """Yield what writes rows as Parquet, all of them by the types of ``schema`` and of ``added``.

    Without a schema the first rows tell the types.
    """
    import pyarrow as pa
    from pyarrow import parquet

    writer: list[Any] = []
    if schema is not None:
        kinds = {field.name: field.type for field in schema}
        kinds |= {name: pa.type_for_alias(kind) for name, kind in added.items()}
        schema = pa.schema(list(kinds.items()))

    def write(rows: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(rows, schema=schema, preserve_index=False)
        if not writer:
            writer.append(parquet.ParquetWriter(path, table.schema))
        writer[0].write_table(table.cast(writer[0].schema))

    try:
        yield write
    finally:
        for one in writer:
            one.close()


# By the end of a file's name. They take the schema of what is read, None where it is not known, and
# the types of columns that come beside it; only Parquet has types.
KINDS: dict[str, Callable[[Path, Any, Mapping[str, str]], AbstractContextManager[Write]]] = {
    ".csv": lambda path, *_: cells(path, ","),
    ".tsv": lambda path, *_: cells(path, "\t"),
    ".jsonl": lambda path, *_: lines(path),
    ".parquet": encoded,
}
