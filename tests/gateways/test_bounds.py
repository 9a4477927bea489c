from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.errors import SourceRefused
from assay.gateways.sources.listed import Columns, Embedded
from assay.gateways.tables import read_table
from assay.settings.limits import DEFAULT, Limits

if TYPE_CHECKING:
    from pathlib import Path

MIB = 2**20
# Prints how much memory the child took beyond what its imports take (KiB), or the refusal.
CHILD = """
import resource, sys
from pathlib import Path
import pandas, pyarrow.parquet
from assay.errors import AssayError
from assay.gateways.tables import read_table
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pandas.DataFrame({"text": ["a"]}).to_csv()
before = peak()
if len(sys.argv) > 2:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]),) * 2)
try:
    read_table(Path(sys.argv[1]))
except AssayError as refusal:
    print(peak() - before, str(refusal).splitlines()[0])
    sys.exit(refusal.exit_code)
"""


def _child(path: Path, *room: int) -> tuple[int, int, str]:
    """Read a table in a process of its own; return exit code, KiB that it took, and the refusal."""
    words = [sys.executable, "-c", CHILD, str(path), *map(str, room)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-2000:]
    taken, _, found = done.stdout.partition(" ")
    return done.returncode, int(taken), found


def _bomb(path: Path, piece: bytes, size: int) -> Path:
    """Write gzip that unpacks to ``size`` bytes: gzip allows one member behind the other."""
    member = gzip.compress(piece * (16 * MIB // len(piece)), mtime=0)
    with path.open("wb") as file:
        for _ in range(size // (16 * MIB)):
            file.write(member)
    return path


def _refused(path: Path, **limits: int) -> SourceRefused:
    with pytest.raises(SourceRefused) as refused:
        read_table(path, Limits(**limits))
    (setting,) = limits
    assert str(path) in refused.value.found
    assert f"ingest.limits.{setting}" in refused.value.expected
    assert f"ingest.limits.{setting} in params.yaml" in refused.value.cure
    return refused.value


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz", "a.parquet.gz"])
def test_a_gzip_bomb_is_refused_while_it_unpacks(tmp_path: Path, name: str) -> None:
    path = _bomb(tmp_path / name, b"a,b\n" if "csv" in name else b"\0\0\0\0", 2048 * MIB)
    code, taken, found = _child(path)
    assert code == SourceRefused.exit_code == 3
    assert f"unpacks to more than {DEFAULT.table_bytes:,} bytes" in found
    # What is kept before the rest is counted: 64 MiB, and as much again while it grows.
    assert taken < 200 * 1024


def test_a_gzip_bomb_is_refused_where_the_system_bounds_memory(tmp_path: Path) -> None:
    path = _bomb(tmp_path / "a.csv.gz", b"a,b\n", 2048 * MIB)
    code, _, found = _child(path, 300 * MIB)
    assert (code, "unpacks to more than" in found) == (3, True)


def test_what_the_system_has_no_memory_for_is_refused(tmp_path: Path) -> None:
    path = _bomb(tmp_path / "a.csv.gz", b"a,b\n", 256 * MIB)
    code, _, found = _child(path, 200 * MIB)
    assert (code, "does not fit into the memory" in found) == (3, True)


def test_the_size_is_bounded_by_the_settings(tmp_path: Path) -> None:
    plain = _write(tmp_path / "a.csv", "a,b\n" * 1000)
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert "holds 4,000 bytes" in _refused(plain, table_bytes=3999).found
    assert "unpacks to more than 3,999 bytes" in _refused(packed, table_bytes=3999).found
    for path in (plain, packed):
        assert len(read_table(path, Limits(table_bytes=4000))) == 999


def test_what_unpacks_to_more_than_is_kept_comes_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    rows = 70 * MIB // 64
    path.write_bytes(gzip.compress(b"text\n" + (b"x" * 63 + b"\n") * rows, 1))
    assert len(read_table(path)) == rows


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,label\nfine,yes\n{cell},no\n"),
        ("a.tsv", "text\tlabel\nfine\tyes\n{cell}\tno\n"),
        ("a.csv", 'text,label\nfine,yes\n"{cell}",no\n'),
        ("a.jsonl", '{{"text": "fine"}}\n{{"text": "{cell}"}}\n'),
        ("a.json", '[{{"text": "fine"}}, {{"text": "{cell}"}}]'),
        ("a.jsonl", '{{"text": "fine"}}\n{{"text": ["{cell}"]}}\n'),
    ],
)
def test_a_cell_that_is_too_long_is_named(tmp_path: Path, name: str, content: str) -> None:
    path = _write(tmp_path / name, content.format(cell="字" * 101))
    assert "row 2, column 'text'" in _refused(path, cell_characters=100).found
    assert len(read_table(path, Limits(cell_characters=105))) == 2


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_a_long_cell_is_refused_by_default(tmp_path: Path, name: str) -> None:
    table = pd.DataFrame({"text": ["fine", "x" * 150_000]})
    lines = table.to_json(orient="records", lines=name == "a.jsonl")
    path = _write(tmp_path / name, table.to_csv(index=False) if "csv" in name else lines)
    with pytest.raises(SourceRefused, match=r"row 2, column 'text' of .* holds 150,000 characters"):
        read_table(path)


def test_a_row_that_is_too_wide_is_named(tmp_path: Path) -> None:
    wide = {"a": "x" * 60 + "\n", "b": "y" * 60}
    path = tmp_path / "a.csv"
    pd.DataFrame([{"a": "1", "b": "2"}, wide]).to_csv(path, index=False)
    assert "row 2 of" in _refused(path, row_characters=100).found
    lines = _write(tmp_path / "a.jsonl", '{"a": "1"}\n' + json.dumps(wide))
    assert "line 2 of" in _refused(lines, row_characters=100).found
    document = _write(tmp_path / "a.json", json.dumps([{"a": "1"}, wide, {"a": "2"}] * 3))
    assert "row 2 of" in _refused(document, row_characters=100).found


def test_a_line_is_bounded_before_it_is_parsed(tmp_path: Path) -> None:
    # Brackets: parsed, each takes fifty times its length. Commas: a column each.
    brackets = "[" + "[]," * (8 * MIB) + "[]]"
    for name, content in {
        "a.jsonl": f'{{"text": "fine"}}\n{{"text": {brackets}}}\n',
        "a.json": f'[{{"text": "fine"}}, {{"text": {brackets}}}]',
        "a.csv": "text,label\na,b\n" + "," * (24 * MIB) + "\n",
    }.items():
        code, taken, found = _child(_write(tmp_path / name, content))
        assert (code, " 2 of " in found or "line 3 of" in found) == (3, True), found
        assert taken < 300 * 1024


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_short_lines_pass_however_many(tmp_path: Path, end: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"text,label{end}".encode() + f"fine,yes{end}".encode() * 500)
    assert len(read_table(path, Limits(row_characters=30))) == 500


@pytest.mark.parametrize("most", [40, 100, 1_000_000])
def test_a_document_gives_the_same_rows_however_it_is_cut(tmp_path: Path, most: int) -> None:
    rows = [{"text": f'{n} \\ " é 字 ] , }}'[: 3 + n % 12], "n": str(n)} for n in range(400)]
    for indent, ascii_ in ((None, True), (None, False), (1, True)):
        content = json.dumps(rows, indent=indent, ensure_ascii=ascii_)
        path = _write(tmp_path / "a.json", f"\n {content} \n")
        assert read_table(path, Limits(row_characters=most + 60)).to_dict("records") == rows


def test_torn_documents_are_refused_with_the_place(tmp_path: Path) -> None:
    rows = ", ".join(['{"text": "fine"}'] * 99)
    for content, place in {
        f"[{rows}": "line 1",
        f"[{rows}] more": "Extra data",
        f"[{rows}\n{rows}]": "line 2 column 1",
        f'[{rows},\n{{"text" "a"}}]': "line 2 column 9",
        f'[{rows},\n{{"text": "never closed]': "Unterminated string starting at: line 2 column 10",
    }.items():
        with pytest.raises(SourceRefused, match=place):
            read_table(_write(tmp_path / "a.json", content), Limits(row_characters=100))


def test_columns_are_counted_in_the_header(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(5)]
    table = pd.DataFrame([dict.fromkeys(names, "x")] * 2)
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    table.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        assert "has 5 columns" in _refused(tmp_path / name, columns=4).found
        assert len(read_table(tmp_path / name, Limits(columns=5))) == 2


def test_short_lines_below_a_wide_header_are_refused_before_they_are_filled(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(2000))
    code, taken, found = _child(_write(tmp_path / "a.csv", names + "\n" + "a\n" * 200_000))
    assert (code, "cells" in found) == (3, True)
    assert taken < 100 * 1024
    lines = "".join(f'{{"c{number}": 1}}\n' for number in range(1999))
    path = _write(tmp_path / "a.jsonl", lines)
    assert "cells" in _refused(path, cells=1_000_000).found


def test_parquet_is_bounded_before_it_is_decoded(tmp_path: Path) -> None:
    # One text that recurs is stored once: some KiB that decode to 9.5 GiB.
    path = tmp_path / "a.parquet"
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 99_999])
    parquet.write_table(pa.table({"text": texts}), path, store_schema=False)
    assert path.stat().st_size < MIB
    code, taken, found = _child(path)
    assert (code, "decodes to more than" in found) == (3, True)
    assert taken < 200 * 1024


def test_parquet_is_bounded_by_its_footer(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"n": range(100_000)}).to_parquet(path)
    assert "by its footer" in _refused(path, table_bytes=path.stat().st_size).found
    assert "100,000 rows of 1 columns" in _refused(path, cells=99_999).found


def test_a_long_cell_of_parquet_is_named_and_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 2000, pa.int32()), ["x", "y" * MIB])
    parquet.write_table(pa.table({"text": texts}), path, store_schema=False)
    code, taken, found = _child(path)
    assert (code, "row 2, column 'text'" in found) == (3, True)
    assert taken < 200 * 1024
    parquet.write_table(pa.table({"a": ["x", None, "y" * 60], "b": ["", "x", "z" * 60]}), path)
    assert "row 3 of" in _refused(path, row_characters=100).found
    assert len(read_table(path, Limits(row_characters=120))) == 3


def test_an_image_of_a_table_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"img": [b"x", b"y" * (64 * MIB + 1)], "label": ["a", "b"]}), path)
    with pytest.raises(SourceRefused, match=r"row 2 of .* holds 67,108,865 bytes"):
        list(Embedded(path).read(range(2)))
    parquet.write_table(pa.table({"image": [b"x"], "label": ["z" * 11]}), path)
    columns = Columns(limits=Limits(cell_characters=10))
    with pytest.raises(SourceRefused, match="row 1, column 'label'"):
        list(Embedded(path, columns).read(range(1)))


@pytest.mark.parametrize("name", Limits.model_fields)
def test_every_limit_has_an_end(name: str) -> None:
    for value in (0, 10**12, None, 1.5):
        with pytest.raises(ValueError, match=name):
            Limits.model_validate({name: value})
