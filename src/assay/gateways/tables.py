"""Read any table file that a user brings.

Reads CSV, TSV, JSON Lines, JSON and Parquet, also gzipped; UTF-8, UTF-16 with its mark, GB18030.
Writes nothing, guesses no types: text stays the text that stands in the file.
"""

from __future__ import annotations

import codecs
import difflib
import gzip
import io
import json
import zlib
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.errors import MissingFile, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

READABLE = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Almost any bytes decode as GB18030, and then to rare characters. Real Chinese text is written
# almost wholly in the 6,763 characters of GB 2312.
COMMON_CHARACTERS = 0.9


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV, TSV, JSON Lines or Parquet file, also gzipped, UTF-8 or GB18030.

    Every cell of a text file comes as the text that stands there: ``007`` stays ``007`` and an
    empty cell is missing.

    Raises:
        MissingFile: nothing is there.
        SourceRefused: empty, of another kind, in another encoding, or torn.

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
        raise _empty(path)
    try:
        table = _parse_parquet(path) if kind == ".parquet" else _parse(path, kind)
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as problem:
        raise SourceRefused(
            f"{path} cannot be read: {problem}",
            expected=f"a whole {kind} file",
            cure="open it, mend the place named above, and save it anew",
        ) from problem
    if table.empty:
        raise _empty(path)
    return table


def column_of(path: Path, names: Sequence[str], configured: str, house: str) -> str:
    """Return which of a table's columns to read: the configured one, or the house's own name.

    Raises:
        SourceRefused: neither is there; the nearest is named.

    """
    for name in (configured, house):
        if name in names:
            return name
    near = difflib.get_close_matches(configured, names, n=1, cutoff=0.4)
    raise SourceRefused(
        f"{path} has no column {configured!r}; it has " + ", ".join(map(repr, names)),
        expected=f"the {house}'s column, {configured!r} by ingest.{house} in params.yaml",
        cure=(f"did you mean {near[0]!r}? " if near else "")
        + f"Rename the column in the file, or set ingest.{house} in params.yaml",
    )


def _parse_parquet(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(io.BytesIO(_content(path)))
    # A named index is a column that pandas was told to count by; an unnamed one says nothing.
    return table.reset_index(drop=table.index.names == [None])


def _parse(path: Path, kind: str) -> pd.DataFrame:
    text = _decode(path)
    if not text.strip():
        raise _empty(path)
    if kind in (".jsonl", ".ndjson", ".json"):
        return _records([json.loads(text)] if kind == ".json" else _lines(text))
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "na_values": [""]}
    table: pd.DataFrame = pd.read_csv(
        io.StringIO(text), sep="\t" if kind == ".tsv" else ",", **options
    )
    if not isinstance(table.index, pd.RangeIndex):
        # pandas takes surplus cells at the left for row names: texts would lose their beginnings.
        raise ValueError("rows hold more cells than the header line; put texts in double quotes")
    return table


def _lines(text: str) -> Iterator[Any]:
    # Not splitlines(): a text may hold U+2028, which JSON does not end a line at.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except json.JSONDecodeError as problem:
            where = f"line {number}, column {problem.colno}"
            raise ValueError(f"{problem.msg} in {where}") from problem


def _records(parsed: Iterable[Any]) -> pd.DataFrame:
    """Return one row an object; a number or truth value comes as the JSON that stands there."""
    rows: list[dict[str, str | None]] = []
    for found in parsed:
        for row in found if isinstance(found, list) else [found]:
            if not isinstance(row, dict):
                raise ValueError(f"{json.dumps(row)[:80]} is no JSON object")
            rows.append({str(name): _cell(value) for name, value in row.items()})
    return pd.DataFrame(rows)


def _cell(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        # Half an emoji, cut off by its writer, is no text: it becomes U+FFFD, which is counted.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.dumps(value, ensure_ascii=False)


def _decode(path: Path) -> str:
    content = _content(path)
    if content.startswith(UTF_16):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        bad = problem.start
    text = _as_chinese(content)
    if text is not None:
        return text
    raise SourceRefused(
        f"{path} is neither UTF-8 nor GB18030: byte {content[bad]:#04x} at position {bad:,}",
        expected="text in UTF-8 (or GB18030)",
        cure=f"convert it: iconv -f YOUR_ENCODING -t UTF-8 {path.name} > utf8{path.suffix}",
    )


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix.lower() == ".gz" else content


def _as_chinese(content: bytes) -> str | None:
    """Return the text if it is GB18030 and reads like Chinese; Latin-1 must not pass for it."""
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    # Letters alone: Python's GB 2312 lacks the dash that stands in every second text.
    foreign = "".join(letter for letter in text if letter.isalpha() and not letter.isascii())
    common = len(foreign.encode("gb2312", errors="ignore")) / 2
    return text if common and common >= COMMON_CHARACTERS * len(foreign) else None


def _empty(path: Path) -> SourceRefused:
    return SourceRefused(
        f"{path} is empty",
        expected="a header line and at least one row",
        cure="export the table again, or take the file away",
    )
