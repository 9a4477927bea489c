"""Read any table file that a user brings.

Reads CSV, TSV, JSON Lines, JSON and Parquet, also gzipped; UTF-8, UTF-16 with its mark, Chinese in
GB18030.
Writes nothing, guesses no types: text stays the text that stands in the file. What is larger than
the limits is refused while it is read.
"""

from __future__ import annotations

import difflib
import io
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.errors import MissingFile, SourceRefused
from assay.gateways import decoding, objects
from assay.gateways.bounds import Bounds
from assay.gateways.encoded import require_decodable
from assay.settings.limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from assay.settings.limits import Limits

READABLE = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
LINES = (".jsonl", ".ndjson")


def read_table(path: Path, limits: Limits = DEFAULT) -> pd.DataFrame:
    """Read a CSV, TSV, JSON Lines or Parquet file, also gzipped, UTF-8 or GB18030.

    Every cell of a text file comes as the text that stands there: ``007`` stays ``007`` and an
    empty cell is missing.

    Raises:
        MissingFile: nothing is there.
        SourceRefused: empty, of another kind, in another encoding, torn, or larger than
            ``limits``; what was found too large is named.

    """
    kind = kind_of(path)
    with refusing(path, kind, limits):
        bounds = Bounds(path, limits)
        table = _parse_parquet(bounds) if kind == ".parquet" else _parse(bounds, kind)
    if table.empty:
        raise empty(path)
    return table


def kind_of(path: Path) -> str:
    """Return the ending that says how a table is read, ``.gz`` left out.

    Raises:
        MissingFile: nothing is there.
        SourceRefused: empty, or of another kind.

    """
    if not path.is_file():
        raise MissingFile(
            f"there is no file {path}",
            expected="a CSV, TSV, JSON Lines or Parquet file",
            cure="check the path (relative paths start where you are)",
        )
    kind = "".join(path.suffixes[-2:]).lower().removesuffix(".gz")
    kind = kind[kind.rfind(".") :] if "." in kind else kind
    if kind not in READABLE:
        raise SourceRefused(
            f"{path} ends in {path.suffix or 'nothing'}",
            expected=" ".join(READABLE) + ", each also with .gz",
            cure="save the table as CSV in UTF-8",
        )
    if path.stat().st_size == 0:
        raise empty(path)
    return kind


@contextmanager
def refusing(path: Path, kind: str, limits: Limits) -> Iterator[None]:
    """Turn what goes wrong while a table is read into a refusal.

    Raises:
        SourceRefused: it is torn, or no table of its kind, or memory does not suffice.

    """
    try:
        yield
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as problem:
        raise SourceRefused(
            f"{path} cannot be read: {problem}",
            expected=f"a whole {kind} file",
            cure="open it, mend the place named above, and save it anew",
        ) from problem
    except MemoryError as problem:
        raise SourceRefused(
            f"{path} does not fit into the memory that this process may use",
            expected=f"a table that does; ingest.limits.table_bytes lets {limits.table_bytes:,} "
            "bytes through",
            cure="bring less of it, or read it on a machine with more memory",
        ) from problem


def column_of(path: Path, names: Sequence[str], configured: str, ours: str) -> str:
    """Return which of a table's columns to read: the configured one, or the one by our own name.

    Raises:
        SourceRefused: neither is there; the nearest is named.

    """
    for name in (configured, ours):
        if name in names:
            return name
    near = difflib.get_close_matches(configured, names, n=1, cutoff=0.4)
    raise SourceRefused(
        f"{path} has no column {configured!r}; it has " + ", ".join(map(repr, names)),
        expected=f"the {ours}'s column, {configured!r} by ingest.{ours} in params.yaml",
        cure=(f"did you mean {near[0]!r}? " if near else "")
        + f"Rename the column in the file, or set ingest.{ours} in params.yaml",
    )


def _parse_parquet(bounds: Bounds) -> pd.DataFrame:
    content = bounds.content()
    require_decodable(content, bounds)
    table = pd.read_parquet(io.BytesIO(content))
    # A named index is a column that pandas was told to count by; an unnamed one says nothing.
    return table.reset_index(drop=table.index.names == [None])


def _parse(bounds: Bounds, kind: str) -> pd.DataFrame:
    text = _decode(bounds)
    if not text.strip():
        raise empty(bounds.path)
    if kind == ".json":
        return objects.from_document(text, bounds)
    if kind in LINES:
        return objects.from_lines(text, bounds)
    bounds.require_lines(text)
    bounds.require_header(text, separator_of(kind))
    return parse_cells(text, separator_of(kind), bounds)


def separator_of(kind: str) -> str:
    """Return what stands between the cells of CSV or TSV."""
    return "\t" if kind == ".tsv" else ","


def parse_cells(text: str, separator: str, bounds: Bounds) -> pd.DataFrame:
    """Return the rows of CSV or TSV whose first line is its header.

    Raises:
        ValueError: it is torn, or a row holds more cells than the header.
        SourceRefused: a cell or a row is too long.

    """
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "na_values": [""]}
    table: pd.DataFrame = pd.read_csv(io.StringIO(text), sep=separator, **options)
    if not isinstance(table.index, pd.RangeIndex):
        # pandas takes surplus cells at the left for row names: texts would lose their beginnings.
        raise ValueError("rows hold more cells than the header line; put texts in double quotes")
    bounds.require_texts(table)
    return table


def _decode(bounds: Bounds) -> str:
    content = bounds.content()
    return content.decode(decoding.encoding_of(lambda: decoding.of_bytes(content), bounds.path))


def empty(path: Path) -> SourceRefused:
    """Return the refusal of a table without rows."""
    return SourceRefused(
        f"{path} is empty",
        expected="a header line and at least one row",
        cure="export the table again, or take the file away",
    )
