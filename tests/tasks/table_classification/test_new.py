from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.errors import DataRefused, MissingFile, SourceRefused, UsageError
from assay.tasks.table_classification.new import propose, sort_columns
from tests import made
from tests.tasks.table_classification.made import CATEGORIES, NUMBERS, THREE, people

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.table_classification.settings import TableClassificationModel
    from assay.tasks.task import Proposal


def _proposed(
    folder: Path, table: pd.DataFrame, label: str = "label"
) -> Proposal[TableClassificationModel]:
    table.to_csv(folder / "mine.csv", index=False)
    return propose(folder / "mine.csv", {"label": label})


def _sorted(**columns: list[Any]) -> tuple[list[str], list[str], list[str]]:
    found = sort_columns(pd.DataFrame(columns))
    return found.numbers, found.categories, found.notes


def test_settings_fit_the_table(tmp_path: Path) -> None:
    found = _proposed(tmp_path, people(120, THREE))
    assert found.rows == 120
    assert found.notes == []
    assert found.settings.labels == tuple(sorted(THREE))
    assert found.settings.ingest.numbers == NUMBERS
    assert found.settings.ingest.categories == CATEGORIES
    assert found.settings.ingest.source is None


def test_an_own_label_column_is_no_feature(tmp_path: Path) -> None:
    ingest = _proposed(tmp_path, made.loans(60), "repaid").settings.ingest
    assert ingest.label == "repaid"
    assert ingest.numbers == ("age", "debt")
    assert ingest.categories == ("job", "branch")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0, 1], ("0", "1")),
        ([1.0, 0.0], ("0", "1")),
        ([True, False], ("false", "true")),
        ([" yes ", "no"], ("no", "yes")),
        (["yes", "no", None, " "], ("no", "yes")),
    ],
)
def test_labels_are_as_ingest_will_read_them(
    tmp_path: Path, labels: list[object], names: tuple[str, ...]
) -> None:
    given = pd.Series([labels[row % len(labels)] for row in range(60)])
    people(60).assign(label=given).to_parquet(tmp_path / "a.parquet")
    assert propose(tmp_path / "a.parquet", {"label": "label"}).settings.labels == names


def test_numbers_are_told_from_categories() -> None:
    numbers, categories, notes = _sorted(
        a=[" 1 ", "1e3", "?", "-2.5"] * 5,
        b=[True, False] * 10,
        c=["x", "y"] * 10,
        d=["1", "x"] * 10,
        e=["007", "008"] * 10,
    )
    assert numbers == ["a", "e"]
    assert categories == ["b", "c", "d"]
    assert notes == []


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("x", ["a"] * 20, "one value alone"),
        ("x", ["", "?"] * 10, "one value alone"),
        ("x", ["7", ""] * 10, "one value alone"),
        ("customer id", [f"{row}" for row in range(20)], "a name or an id"),
        ("Invoice-No", [f"{row}" for row in range(20)], "a name or an id"),
        ("x", [f"name {row}" for row in range(20)], "a name or an id"),
        ("x", [f"name {row}" for row in range(15)] + ["a"] * 5, "16 different texts in 20 rows"),
        ("x", ["1,5", *(f"{row}" for row in range(19))], "1 of its cells are no numbers"),
        ("id", ["1", "2"] * 10, "rename it if it is a feature"),
        ("label", ["1", "2"] * 10, "rename it if it is a feature"),
    ],
)
def test_what_is_no_feature_is_left_out_with_a_note(name: str, values: list[str], why: str) -> None:
    numbers, categories, (note,) = _sorted(**{name: values})
    assert not numbers
    assert not categories
    assert f"the column {name!r} is left out: " in note
    assert why in note


@pytest.mark.parametrize("name", ["body mass index", "number of rooms"])
def test_a_measure_is_no_id_though_it_is_called_so(name: str) -> None:
    assert _sorted(**{name: [f"{row}.5" for row in range(20)]})[0] == [name]


def test_a_wrong_cell_is_shown_with_what_to_do() -> None:
    _, _, (note,) = _sorted(price=[*(f"{row}.5" for row in range(30)), "on request"])
    assert "for instance 'on request'" in note
    assert "ingest.missing" in note
    assert "ingest.numbers in params.yaml" in note


@pytest.mark.parametrize(("rows", "epochs"), [(60, 100), (2000, 100), (50_000, 26)])
def test_small_tables_are_trained_for_more_epochs(tmp_path: Path, rows: int, epochs: int) -> None:
    train = _proposed(tmp_path, people(rows)).settings.train
    assert train.epochs == pytest.approx(epochs, rel=0.2)
    assert 16 <= train.batch_size <= 256


def test_the_label_column_must_be_named_and_be_there(tmp_path: Path) -> None:
    people(20).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(UsageError, match="--label is missing"):
        propose(tmp_path / "a.csv", {})
    with pytest.raises(UsageError) as refused:
        propose(tmp_path / "a.csv", {"label": "lable"})
    assert "did you mean 'label'?" in refused.value.cure
    assert repr(CATEGORIES[1]) in refused.value.found


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (["good"], "holds one class only: 'good'"),
        ([None], "holds no row with a label"),
        ([f"{row}" for row in range(60)], "60 different labels in 60 rows"),
    ],
)
def test_a_column_that_names_no_classes_is_refused(
    tmp_path: Path, labels: list[str | None], found: str
) -> None:
    given = pd.Series([labels[row % len(labels)] for row in range(60)])
    with pytest.raises(DataRefused) as refused:
        _proposed(tmp_path, people(60).assign(label=given))
    assert found in refused.value.found
    assert "--label" in refused.value.cure


def test_a_table_without_features_and_a_file_without_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="no column that can be a feature"):
        _proposed(tmp_path, people(60)[["label"]].assign(x="1"))
    (tmp_path / "a.csv").touch()
    with pytest.raises(SourceRefused, match="is empty"):
        propose(tmp_path / "a.csv", {"label": "label"})
    with pytest.raises(MissingFile):
        propose(tmp_path / "b.csv", {"label": "label"})
