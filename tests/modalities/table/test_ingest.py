from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.errors import SourceRefused, UsageError
from assay.modalities.table import cells
from assay.modalities.table import ingest as module
from assay.settings.table import TableIngest
from tests import made
from tests.tasks.table_classification.made import CATEGORIES, NUMBERS, people

if TYPE_CHECKING:
    from pathlib import Path

LOANS = {"numbers": ["age", "debt"], "categories": ["job", "branch"]}


def ingest(inbox: Path, label: str = "repaid", **settings: Any) -> dict[str, int]:
    found = TableIngest.model_validate(LOANS | settings)
    return module.ingest(found, {"label": label}, inbox, inbox.parent / "raw.parquet")


def _raw(inbox: Path, **settings: Any) -> pd.DataFrame:
    ingest(inbox, **settings)
    return pd.read_parquet(inbox.parent / "raw.parquet")


def _refused(inbox: Path, **settings: Any) -> SourceRefused:
    with pytest.raises(SourceRefused) as refused:
        _raw(inbox, **settings)
    return refused.value


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def test_every_row_is_taken_with_the_columns_that_settings_name(inbox: Path) -> None:
    table = made.loans(30).assign(other="x", shop=["east", " "] * 15)
    table.to_csv(inbox / "loans.csv", index=False)
    raw = _raw(inbox, slices=["shop"])
    assert list(raw.columns) == ["id", "age", "debt", "job", "branch", "shop", "label"]
    assert raw["label"].tolist() == table["repaid"].tolist()
    assert raw["job"].tolist() == table["job"].tolist(), "a ? stays: what is missing is not decided"
    assert raw["debt"].isna().tolist() == table["debt"].eq("").tolist()
    assert raw["shop"].isna().tolist() == [False, True] * 15
    assert raw["id"].is_unique


def test_names_of_columns_are_whatever_the_file_has(inbox: Path) -> None:
    table = people(20)
    table.to_csv(inbox / "people.csv", index=False)
    raw = _raw(inbox, label="label", numbers=NUMBERS, categories=CATEGORIES)
    assert list(raw.columns) == ["id", *NUMBERS, *CATEGORIES, "label"]
    assert raw[CATEGORIES[2]].tolist() == table[CATEGORIES[2]].tolist()


def test_a_parquet_file_gives_the_keys_of_the_same_csv_file(inbox: Path) -> None:
    numbers = pd.DataFrame(
        {
            "age": pd.Series([33, None, 1_000_000, 7], dtype="float64"),
            "debt": pd.Series([0.1, -0.0, 1e22, None], dtype="float32"),
            "job": [True, False, True, True],
            "branch": pd.Series([1, 2, None, 3], dtype="float64"),
            "repaid": ["yes", "no", "yes", "no"],
        }
    )
    keys = []
    for kind in ("parquet", "csv", "jsonl"):
        place = inbox / kind
        place.mkdir()
        if kind == "parquet":
            numbers.to_parquet(place / "a.parquet")
        elif kind == "csv":
            numbers.to_csv(place / "a.csv", index=False)
        else:
            wide = numbers.assign(debt=pd.Series([0.1, -0.0, 1e22, None]))
            # Not pandas' own writer, which rounds to ten digits.
            rows = [json.dumps(row) for row in wide.to_dict("records")]
            (place / "a.jsonl").write_text("\n".join(rows).replace("NaN", "null"))
        raw = _raw(place)
        settings = TableIngest.model_validate(LOANS)
        keys.append(cells.keys(cells.features(raw, settings)).tolist())
    assert keys[0] == keys[1] == keys[2]


def test_truth_values_and_numbers_become_labels(inbox: Path) -> None:
    table = made.loans(4).assign(repaid=[True, False, True, False])
    table.to_parquet(inbox / "a.parquet")
    assert _raw(inbox)["label"].tolist() == ["true", "false", "true", "false"]
    table.assign(repaid=pd.Series([1.0, 0.0, None, 1.0])).to_parquet(inbox / "a.parquet")
    assert _raw(inbox)["label"].fillna("-").tolist() == ["1", "0", "-", "1"]


def test_files_come_by_name_and_are_counted(inbox: Path) -> None:
    made.loans(5, seed=1).to_csv(inbox / "b.csv", index=False)
    (inbox / "a").mkdir()
    made.loans(3, seed=2).to_parquet(inbox / "a/z.parquet")
    for ignored in (".gitkeep", "b.csv.dvc"):
        (inbox / ignored).write_text("not a table")
    assert ingest(inbox) == {"a/z.parquet": 3, "b.csv": 5}


def test_the_label_may_have_our_name(inbox: Path) -> None:
    made.loans(5).rename(columns={"repaid": "label"}).to_csv(inbox / "a.csv", index=False)
    assert _raw(inbox)["label"].tolist() == made.loans(5)["repaid"].tolist()


def test_equal_input_gives_equal_bytes_and_equal_rows_keep_their_ids(inbox: Path) -> None:
    made.loans(20).to_csv(inbox / "b.csv", index=False)
    before = _raw(inbox)
    first = (inbox.parent / "raw.parquet").read_bytes()
    _raw(inbox)
    assert (inbox.parent / "raw.parquet").read_bytes() == first
    made.loans(20).iloc[:2].to_csv(inbox / "c.csv", index=False)
    after = _raw(inbox)
    assert after["id"].tolist()[:20] == before["id"].tolist()
    assert after["id"].tolist()[20:] == [f"{name}-1" for name in before["id"][:2]]


def test_a_limit_keeps_rows_of_the_whole_length(inbox: Path) -> None:
    made.loans(100).to_csv(inbox / "a.csv", index=False)
    assert _raw(inbox, limit=10)["age"].tolist() == made.loans(100)["age"][::11].tolist()


@pytest.mark.parametrize("column", ["debt", "job", "repaid"])
def test_a_missing_column_is_named_with_those_that_are_there(inbox: Path, column: str) -> None:
    made.loans(5).drop(columns=column).to_csv(inbox / "a.csv", index=False)
    problem = _refused(inbox)
    assert f"a.csv has no column {column!r}; it has 'age', " in problem.found
    assert "ingest" in problem.cure


def test_a_missing_slice_is_named(inbox: Path) -> None:
    made.loans(5).to_csv(inbox / "a.csv", index=False)
    assert "has no column 'shop'" in _refused(inbox, slices=["shop"]).found


def test_an_empty_inbox_says_where_to_put_the_file(inbox: Path) -> None:
    assert _refused(inbox).cure == f"copy your file there: cp YOUR.csv {inbox}/"


@pytest.mark.parametrize("content", ["", "age,debt,job,branch,repaid\n"])
def test_a_file_without_rows_is_refused(inbox: Path, content: str) -> None:
    (inbox / "a.csv").write_text(content)
    assert "a.csv is empty" in _refused(inbox).found


def test_an_unknown_source_is_answered_with_the_known_ones(inbox: Path) -> None:
    with pytest.raises(UsageError, match="breast-cancer"):
        _raw(inbox, source="adult")


def test_rows_of_the_inbox_join_those_of_a_source(inbox: Path) -> None:
    own = {"mean radius": ["12.5"], "kind": ["benign"]}
    pd.DataFrame(own).to_csv(inbox / "own.csv", index=False)
    raw = _raw(inbox, label="kind", source="breast-cancer", numbers=["mean radius"], categories=[])
    assert len(raw) == 570
    assert raw.iloc[-1][["mean radius", "label"]].tolist() == ["12.5", "benign"]
