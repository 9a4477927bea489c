from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.modalities.image import row_groups
from assay.modalities.image.row_groups import RowGroups

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = pa.schema({"id": pa.string(), "image": pa.binary()})


def batch(rows: int, start: int = 0, size: int = 10) -> pa.RecordBatch:
    found = [{"id": str(row), "image": b"x" * size} for row in range(start, start + rows)]
    return pa.RecordBatch.from_pylist(found, schema=SCHEMA)


def groups_of(path: Path) -> list[int]:
    found = parquet.read_metadata(path)
    return [found.row_group(place).num_rows for place in range(found.num_row_groups)]


def test_rows_come_back_in_their_order_under_the_same_schema(tmp_path: Path) -> None:
    with RowGroups(tmp_path / "table", SCHEMA) as table:
        for start in (0, 3, 6):
            table.add(batch(3, start))
    found = parquet.read_table(tmp_path / "table")
    assert found["id"].to_pylist() == [str(row) for row in range(9)]
    assert parquet.read_schema(tmp_path / "table").equals(SCHEMA, check_metadata=True)


def test_a_group_ends_at_so_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_groups, "GROUP_ROWS", 4)
    with RowGroups(tmp_path / "table", SCHEMA) as table:
        for start in range(10):
            table.add(batch(1, start))
    assert groups_of(tmp_path / "table") == [4, 4, 2]


def test_a_group_ends_at_so_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_groups, "GROUP_BYTES", 3000)
    with RowGroups(tmp_path / "table", SCHEMA) as table:
        for start in range(10):
            table.add(batch(1, start, size=1000))
    assert groups_of(tmp_path / "table") == [3, 3, 3, 1]


def test_no_rows_are_an_empty_table(tmp_path: Path) -> None:
    with RowGroups(tmp_path / "table", SCHEMA) as table:
        table.add(batch(0))
    found = parquet.read_table(tmp_path / "table")
    assert len(found) == 0
    assert found.schema.equals(SCHEMA)


def test_what_fails_is_raised_and_what_waits_is_not_written(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="broke"),
        RowGroups(tmp_path / "table", SCHEMA) as table,
    ):
        table.add(batch(3))
        raise ValueError("it broke")
    assert groups_of(tmp_path / "table") == []
