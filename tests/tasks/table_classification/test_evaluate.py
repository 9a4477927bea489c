from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay import records
from assay.bundle import manifest
from assay.errors import DataRefused
from assay.paths import ModelPaths
from assay.records import Evaluation
from assay.tasks.registry import load_model
from assay.tasks.table_classification import evaluate
from assay.tasks.table_classification.settings import TableClassificationModel
from tests import made
from tests.tasks.table_classification.made import CATEGORIES, people, settings, typed

if TYPE_CHECKING:
    from pathlib import Path

    from assay.reporting.report import Report

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


def _evaluate() -> Report:
    model = load_model(made.MODEL)
    assert isinstance(model, TableClassificationModel)
    return evaluate.evaluate(model, FILES)


def test_rows_are_sliced_by_column_and_by_missing_cells() -> None:
    model = settings(ingest={"slices": ["shop"]})
    table = typed(people(6), model).assign(shop=pd.Series(["a", None, " ", "b", "a", "a"]))
    table[list(model.ingest.numbers)] = 1.0
    table[list(model.ingest.categories)] = "x"
    table.loc[1, "age"] = np.nan
    table.loc[2, CATEGORIES[2]] = ""
    found = evaluate.slices(table, model)
    assert list(found) == ["shop", "missing cells"]
    assert found["shop"].tolist() == ["a", "(none)", "(none)", "b", "a", "a"]
    assert found["missing cells"].tolist() == ["none", "some", "some", "none", "none", "none"]


def test_a_slice_column_that_is_not_there_is_refused() -> None:
    model = settings(ingest={"slices": ["shop"]})
    with pytest.raises(DataRefused, match="no column shop"):
        evaluate.slices(typed(people(6), model), model)


def test_a_row_is_shown_by_its_first_columns() -> None:
    table = typed(people(6), settings())
    row = table.iloc[0].copy()
    row["age"], row["hours per week"], row["capital-gain"], row["work"] = 33.0, 7.5, np.nan, ""
    assert evaluate.show(row, settings()).startswith(
        "age 33, hours per week 7.5, capital-gain missing, work missing, "
    )


def test_the_evaluation_is_that_of_bundle_and_baseline(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.built_table(checkpoint))
    report = _evaluate()
    found = report.evaluation
    assert found == records.read(FILES.metrics, Evaluation)
    assert (found.data, found.task) == ("table", "classification")
    names = ["logistic regression", "gradient boosting"]
    assert found.baseline in names
    assert report.tables["baselines"]["name"].tolist() == ["the model", *names]
    assert found.rows == len(pd.read_parquet(FILES.split("test")))
    assert found.precision == manifest.read(FILES.bundle).precision
    accuracy = found.metric("accuracy")
    assert accuracy.value is not None
    assert accuracy.baseline is not None
    assert min(accuracy.value, accuracy.baseline) > 0.75, "the baseline answers in label order"
    assert "## Columns that matter" in report.page
    assert set(report.tables["slices"]["slice"]) == {
        "branch: north", "branch: south", "missing cells: none", "missing cells: some",
    }  # fmt: skip


def test_a_test_split_that_does_not_fit_the_bundle_is_refused(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made.built_table(checkpoint), tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    table = pd.read_parquet(FILES.split("test"))
    table.assign(label="perhaps").to_parquet(FILES.split("test"))
    with pytest.raises(DataRefused, match="perhaps"):
        _evaluate()
    table.head(0).to_parquet(FILES.split("test"))
    with pytest.raises(DataRefused, match="holds no row"):
        _evaluate()
