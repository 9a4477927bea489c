from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.gateways import written

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pd.DataFrame({"text": ["a,b", "two\nlines", None, "=1+1", "é"], "n": [1, 2, 3, 4, 5]})


@pytest.mark.parametrize("kind", written.KINDS)
def test_two_parts_are_the_bytes_of_one(tmp_path: Path, kind: str) -> None:
    schema = pa.schema([("text", pa.string()), ("n", pa.int64())])
    for name, cuts in (("one", [0, 5]), ("two", [0, 2, 5])):
        with written.KINDS[kind](tmp_path / f"{name}{kind}", schema, {}) as put:
            for start, end in pairwise(cuts):
                put(ROWS.iloc[start:end])
    one, two = (tmp_path / f"{name}{kind}" for name in ("one", "two"))
    if kind == ".parquet":
        # Each part is a row group of its own.
        assert parquet.read_table(one).equals(parquet.read_table(two))
    else:
        assert one.read_bytes() == two.read_bytes()


def test_a_column_without_a_value_in_the_first_part_has_its_type(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with written.encoded(path, pa.schema([("n", pa.int64())]), {"score": "double"}) as put:
        put(pd.DataFrame({"n": [1.0, None], "score": [None, None]}))
        put(pd.DataFrame({"n": [2.0, 3.0], "score": [0.5, None]}))
    table = parquet.read_table(path)
    assert table.schema.types == [pa.int64(), pa.float64()]
    assert table.to_pydict() == {"n": [1, None, 2, 3], "score": [None, None, 0.5, None]}


def test_a_column_that_is_replaced_has_the_new_type_in_its_old_place(tmp_path: Path) -> None:
    path, schema = tmp_path / "a.parquet", pa.schema([("score", pa.string()), ("n", pa.int64())])
    with written.encoded(path, schema, {"score": "double"}) as put:
        put(pd.DataFrame({"score": [0.5], "n": [1]}))
    assert parquet.read_schema(path).names == ["score", "n"]
    assert parquet.read_table(path)["score"].to_pylist() == [0.5]
