"""A table that is read in parts is the table that is read whole."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.errors import MissingFile, SourceRefused
from assay.gateways.blocks import CHARACTERS, ROWS
from assay.gateways.parts import open_parts
from assay.gateways.tables import read_table
from assay.settings.limits import DEFAULT, Limits

if TYPE_CHECKING:
    from pathlib import Path

MANY = 2 * ROWS + 7
CELLS = ['She said "no", twice', "two\nlines", "", " spaces ", "日本語 и 🙂", "007", 'a "b" c']
TABLE = pd.DataFrame(
    {"n": [str(n) for n in range(MANY)], "text": [CELLS[n % len(CELLS)] for n in range(MANY)]}
)
LINES = [json.dumps(row, ensure_ascii=False) for row in TABLE.to_dict("records")]
WRITTEN = {
    ".csv": TABLE.to_csv(index=False, lineterminator="\n").encode(),
    ".tsv": TABLE.to_csv(index=False, sep="\t", lineterminator="\r\n").encode(),
    ".jsonl": "\n\n".join(LINES).encode(),
    ".ndjson": ("\r\n".join(LINES) + "\n").encode("utf-16"),
    ".json": ("[" + ",".join(LINES) + "]").encode(),
}


def _whole(path: Path, limits: Limits = DEFAULT) -> pd.DataFrame:
    parts = open_parts(path, limits)
    found = list(parts)
    assert {len(one) <= ROWS for one in found} == {True}
    assert sum(map(len, found)) == parts.rows
    assert all(list(one.columns) == parts.schema.names for one in found)
    return pd.concat(found, ignore_index=True)


def _write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _refused(path: Path, limits: Limits = DEFAULT) -> str:
    with pytest.raises(SourceRefused) as refused:
        open_parts(path, limits)
    assert str(path) in refused.value.found
    return refused.value.found


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("packed", [False, True])
def test_parts_are_the_rows_of_the_whole(tmp_path: Path, kind: str, packed: bool) -> None:
    content = gzip.compress(WRITTEN[kind], 1, mtime=0) if packed else WRITTEN[kind]
    path = _write(tmp_path / f"a{kind}{'.gz' if packed else ''}", content)
    pd.testing.assert_frame_equal(_whole(path), read_table(path).astype("str"))


def test_letters_on_the_border_of_two_pieces_stay_whole(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16", "gb18030"):
        path = _write(tmp_path / "a.csv", ("text\n" + "的一是\n" * 150_000).encode(encoding))
        parts = open_parts(path, DEFAULT)
        assert parts.rows == 150_000
        assert {text for part in parts for text in part["text"].unique()} == {"的一是"}


def test_a_column_that_one_row_far_below_has_is_one_of_all(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", '{"a": 1}\n' * (ROWS + 3) + '{"b": {"c": 2}}\n')
    parts = open_parts(path, DEFAULT)
    first, second = parts
    assert list(first.columns) == ["a", "b"]
    assert first["b"].isna().all()
    assert second["b"].iloc[-1] == '{"c": 2}'


def test_types_of_parquet_are_those_of_the_whole(tmp_path: Path) -> None:
    far = ROWS + 1
    gaps = pa.array([None if n == far else n for n in range(MANY)], pa.int64())
    truth = pa.array([None if n == far else True for n in range(MANY)])
    found = pa.table(
        {
            "whole": pa.array(range(MANY)),
            "gap": gaps,
            "yes": truth,
            "text": pa.array(["x" if n % 3 else None for n in range(MANY)]),
            "day": pa.array([n * 10**9 for n in range(MANY)], pa.timestamp("ns")),
        }
    )
    parquet.write_table(found, tmp_path / "a.parquet", row_group_size=3000)
    whole = read_table(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(_whole(tmp_path / "a.parquet"), whole)
    assert str(whole["gap"].dtype) == "float64"


def test_a_named_index_is_a_column_and_another_is_not(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a", "b", "c"]}, index=pd.Index([7, 8, 9], name="id"))
    for one in (frame, frame.rename_axis(None), frame.reset_index(drop=True)):
        one.to_parquet(tmp_path / "a.parquet")
        pd.testing.assert_frame_equal(
            _whole(tmp_path / "a.parquet"), read_table(tmp_path / "a.parquet")
        )


def test_long_texts_come_in_smaller_parts(tmp_path: Path) -> None:
    # Texts that recur: some KiB that decode to 300 MB.
    rows, length = 3000, 99_999
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * length])
    parquet.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", store_schema=False)
    row = json.dumps({"text": "x" * length}) + "\n"
    _write(tmp_path / "a.jsonl.gz", gzip.compress(row.encode() * 300, 1))
    for name, many in (("a.parquet", rows), ("a.jsonl.gz", 300)):
        parts = open_parts(tmp_path / name, DEFAULT)
        assert parts.rows == many
        first = next(iter(parts))
        assert 0 < len(first) * length <= CHARACTERS + length


@pytest.mark.parametrize(
    ("name", "row", "found"),
    [
        ("a.csv", "1,2,3\n", "Expected 2 fields in line {line}, saw 3"),
        ("a.tsv", "1\t2\t3\n", "Expected 2 fields in line {line}, saw 3"),
        ("a.csv", f"1,{'x' * 101}\n", "row {row}, column 'b' of"),
        ("a.csv", '"' + "y" * 90 + '\n",' + "z" * 90 + "\n", "row {row} of"),
        ("a.csv", "z" * 1000 + "\n", "line {line} of"),
        ("a.jsonl", '{"b": \n', "in line {line}, column"),
        ("a.jsonl", '{"b": "' + "x" * 101 + '"}\n', "row {row}, column 'b' of"),
        ("a.jsonl", '{"b": "' + "x" * 1000 + '"}\n', "line {line} of"),
        ("a.jsonl", "33\n", "33 is no JSON object"),
    ],
)
def test_what_is_wrong_far_below_is_named_by_its_place_in_the_file(
    tmp_path: Path, name: str, row: str, found: str
) -> None:
    lines = name.endswith("jsonl")
    good = '{"a": "1"}\n' if lines else "1\t2\n" if name.endswith("tsv") else "1,2\n"
    header = "" if lines else good.replace("1", "a").replace("2", "b")
    path = _write(tmp_path / name, header + good * (ROWS + 50) + row + good * 9)
    limits = Limits(cell_characters=100, row_characters=150)
    place = {"row": f"{ROWS + 51:,}", "line": ROWS + 51 + (not lines)}
    if "line {line} of" in found:
        place["line"] = f"{place['line']:,}"
    assert found.format(**place) in _refused(path, limits)


def test_a_quote_that_is_never_closed_is_refused_before_the_rest_is_held(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", 'text\nfine\n"open\n' + "row\n" * 20_000)
    limits = Limits(row_characters=1000, columns=10)
    assert "the row that begins in line 3 of" in _refused(path, limits)
    assert "never closed" in _refused(path, limits)


def test_of_the_limits_those_on_rows_hold_and_those_on_the_whole_do_not(tmp_path: Path) -> None:
    limits = Limits(table_bytes=1024, cells=10)
    for kind in (".csv", ".jsonl"):
        assert len(_whole(_write(tmp_path / f"a{kind}", WRITTEN[kind]), limits)) == MANY
    TABLE.to_parquet(tmp_path / "a.parquet")
    assert len(_whole(tmp_path / "a.parquet", limits)) == MANY
    for path in tmp_path.iterdir():
        assert "has 2 columns" in _refused(path, Limits(columns=1))
    with pytest.raises(SourceRefused, match=r"row 1, column 'text' of .* holds 20 characters"):
        open_parts(tmp_path / "a.parquet", Limits(cell_characters=5, row_characters=8))


def test_blank_lines_in_front_of_the_header_are_none(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", "\n" * (ROWS + 9) + " \na,b\n1,2\n")
    assert _whole(path).to_dict("records") == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("content", ["", "\n \n", "text\n", "\n" * (ROWS + 1)])
def test_a_table_without_rows_is_empty(tmp_path: Path, content: str) -> None:
    for kind in (".csv", ".tsv"):
        assert "is empty" in _refused(_write(tmp_path / f"a{kind}", content))
    if not content.strip():
        assert "is empty" in _refused(_write(tmp_path / "a.jsonl", content))


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    assert "ends in .xlsx" in _refused(_write(tmp_path / "a.xlsx", "x"))
    assert "cannot be read" in _refused(_write(tmp_path / "a.parquet", "no Parquet at all"))
    assert "byte 0xe9 at position 6" in _refused(_write(tmp_path / "a.csv", b"text\nz\xe9z\n"))
    packed = gzip.compress(WRITTEN[".csv"])
    assert "cannot be read" in _refused(_write(tmp_path / "a.csv.gz", packed[:-50]))
    with pytest.raises(MissingFile):
        open_parts(tmp_path / "b.csv", DEFAULT)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", "text\n" + "fine\n" * 10)
    parts = open_parts(path, DEFAULT)
    path.write_text("text\n" + "fine\n" * 11)
    with pytest.raises(SourceRefused, match="held 10 rows, and now holds 11"):
        list(parts)
