from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from assay.errors import ExpectationsBroken
from assay.paths import ModelPaths
from assay.stages import ingest, validate
from assay.tasks.registry import load_model
from assay.tasks.table_classification import TABLE_CLASSIFICATION
from assay.tasks.table_classification.leakage import leaking
from tests import blocks, made
from tests.tasks.table_classification.made import people, settings, typed

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 400


def _leaking(most: float = 0.99, **columns: Any) -> list[str]:
    """Return the leaking ones of people's columns and some more: numbers, or texts."""
    table = people(ROWS).assign(**columns)
    numbers = ["age", *(name for name in columns if name.startswith("n"))]
    texts = ["work", *(name for name in columns if name.startswith("c"))]
    model = settings(numbers, texts)
    return leaking(typed(table, model), table["label"], model.ingest, most)


def _of_label(yes: str, no: str) -> list[str]:
    return [yes if label == ">50K" else no for label in people(ROWS)["label"]]


def test_sound_columns_do_not_leak() -> None:
    assert _leaking() == []


def test_the_label_itself_leaks_as_text_and_as_number() -> None:
    assert _leaking(copy=_of_label("paid", "not"), n=_of_label("1", "0")) == ["n", "copy"]


def test_a_number_beyond_a_bound_leaks() -> None:
    noise = np.random.default_rng(1).random(ROWS)
    shift = np.array([float(text) for text in _of_label("100", "0")])
    assert _leaking(n=[str(value) for value in shift + noise]) == ["n"]


def test_a_column_that_is_filled_in_for_one_class_alone_leaks() -> None:
    assert _leaking(n=_of_label("?", "5"), c=_of_label("", "on 3 May")) == ["n", "c"]


def test_ids_and_names_tell_nothing() -> None:
    names = [f"person {row}" for row in range(ROWS)]
    order = np.random.default_rng(0).permutation(ROWS)
    assert _leaking(c=names, n=[f"{row}" for row in order]) == []


def test_a_column_that_tells_nearly_all_is_under_the_bound_or_above() -> None:
    found = pd.Series(_of_label("1", "0"))
    found.iloc[::20] = "1"
    assert _leaking(0.9, n=found) == ["n"]
    assert _leaking(n=found) == []
    assert _leaking(1.0, n=_of_label("1", "0")) == [], "a bound of 1 allows everything"


@pytest.mark.parametrize("column", ["n", "c"])
def test_the_label_leaks_also_of_many_classes(column: str) -> None:
    classes = pd.Series([f"{row % 40}" for row in range(4000)])
    table = pd.DataFrame({"n": classes, "c": "class " + classes, "label": "label " + classes})
    table["row"] = [f"{row * 7 % 4001}" for row in range(4000)]
    model = settings(["n", "row"], ["c"], [f"label {number}" for number in range(40)])
    assert column in leaking(typed(table, model), table["label"], model.ingest, 0.99)


def test_a_class_that_is_nearly_everything_makes_no_column_leak() -> None:
    label = pd.Series(["b" if row % 200 == 0 else "a" for row in range(ROWS)])
    table = people(ROWS).assign(label=label)
    model = settings(labels=("a", "b"))
    assert leaking(typed(table, model), label, model.ingest, 0.99) == []


@pytest.mark.parametrize("rows", [2, 19])
def test_of_a_few_rows_nothing_is_said(rows: int) -> None:
    table = people(rows).assign(n=[f"{row}" for row in range(rows)])
    model = settings(["n"], [])
    assert leaking(typed(table, model), table["label"], model.ingest, 0.99) == []


def test_rows_without_a_label_are_left_out() -> None:
    table = people(ROWS).assign(n=_of_label("1", "0"))
    table.loc[::3, "label"] = None
    model = settings(["n", "age"], [])
    assert leaking(typed(table, model), table["label"], model.ingest, 0.99) == ["n"]


def test_a_column_that_is_called_as_a_measured_one_is_tried_too(tmp_path: Path) -> None:
    table = people(ROWS).assign(id="x", duplicate=_of_label("p", "q"))
    table.to_parquet(tmp_path / "raw.parquet")
    model = settings(["age"], ["duplicate"])
    found = TABLE_CLASSIFICATION.measure(tmp_path / "raw.parquet", model).table
    assert found["leaking_columns"].unique().tolist() == ["duplicate"]


def _refused(folder: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> str:
    """Ingest and validate a table of loans; return the refusal as one line."""
    block = blocks.table_settings()
    block["ingest"]["categories"].append("more")
    folder.mkdir()
    made.lay_out_plain(folder, block, table)
    monkeypatch.chdir(folder)
    files = ModelPaths(made.MODEL)
    model = load_model(made.MODEL)
    ingest.run(model, files)
    with pytest.raises(ExpectationsBroken) as refused:
        validate.run(model, files)
    cells = [line.split("│")[1] for line in refused.value.found.splitlines() if "│" in line]
    return " ".join(" ".join(cells).split())


def test_the_suite_refuses_leaking_and_constant_columns_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = made.loans(200)
    found = _refused(tmp_path / "a", table.assign(more=table["repaid"].str.upper()), monkeypatch)
    assert "A column that alone tells the label was most often filled in after the fact" in found
    assert "next: Take the column out of `ingest`" in found
    found = _refused(tmp_path / "b", table.assign(more="x"), monkeypatch)
    assert "A column with one value alone tells nothing" in found
    assert "take the column out of `ingest.numbers` or `ingest.categories`" in found


def test_the_suite_refuses_words_among_numbers_and_huge_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = made.loans(200).assign(more=["p", "q"] * 100)
    spoiled = table.assign(debt=table["debt"].where(table.index != 5, "1,5"))
    assert "decimal commas" in _refused(tmp_path / "a", spoiled, monkeypatch)
    huge = table.assign(age=table["age"].where(table.index > 3, "1e39"))
    assert "a typing error" in _refused(tmp_path / "b", huge, monkeypatch)
