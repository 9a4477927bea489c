from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay import records
from assay.bundle import manifest
from assay.bundle.classifier import Classifier
from assay.errors import DataRefused
from assay.modalities.text.encoding import of_bundle
from assay.objectives.classification import metrics
from assay.paths import ModelPaths
from assay.records import Evaluation
from assay.tasks.registry import load_model
from assay.tasks.text_classification import baseline, evaluate, explained
from assay.tasks.text_classification.settings import TextClassificationModel
from tests import made
from tests.tasks.text_classification.made import write_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from assay.reporting.report import Report

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


def settings(*slices: str) -> TextClassificationModel:
    return TextClassificationModel.model_validate(
        {
            "data": "text",
            "task": "classification",
            "labels": ["no", "yes"],
            "ingest": {"slices": list(slices)},
        }
    )


def test_rows_are_sliced_by_column_and_by_length() -> None:
    table = pd.DataFrame(
        {
            "text": ["x" * size for size in (1, 40, 41, 160, 161, 320, 321)],
            "shop": ["east", None, " ", 7, "east", "west", "west"],
        }
    )
    found = evaluate.slices(table, settings("shop"))
    assert list(found) == ["shop", "characters"]
    assert found["shop"].tolist() == ["east", "(none)", "(none)", "7", "east", "west", "west"]
    assert found["characters"].tolist() == [
        "up to 40", "up to 40", "41 to 80", "81 to 160", "161 to 320", "161 to 320", "over 320",
    ]  # fmt: skip


def test_length_alone_slices_where_no_column_is_named() -> None:
    assert list(evaluate.slices(pd.DataFrame({"text": ["a"]}), settings())) == ["characters"]


def test_a_slice_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    table = pd.DataFrame({"text": ["a"], "label": ["no"]})
    with pytest.raises(DataRefused, match="no column shop") as refused:
        evaluate.slices(table, settings("shop"))
    assert "text, label" in refused.value.expected


def _evaluate() -> Report:
    model = load_model(made.MODEL)
    assert isinstance(model, TextClassificationModel)
    return evaluate.evaluate(model, FILES)


def test_the_evaluation_is_that_of_bundle_and_baseline(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.built(checkpoint))
    report = _evaluate()
    found = report.evaluation
    assert found == records.read(FILES.metrics, Evaluation)
    assert (found.data, found.task, found.baseline) == ("text", "classification", baseline.TF_IDF)
    assert report.tables["baselines"]["name"].tolist() == ["the model", baseline.TF_IDF]
    assert found.rows == len(pd.read_parquet(FILES.split("test")))
    assert found.precision == manifest.read(FILES.bundle).precision
    assert "## Words that carried the answer" in report.page
    assert f"words alone ({baseline.TF_IDF})" in report.page
    assert report.tables["slices"]["slice"].str.startswith("characters: ").all()
    accuracy = found.metric("accuracy").baseline
    assert accuracy is not None
    assert accuracy > 0.6, "the baseline answers in label order; a third by chance"


def test_a_row_is_shown_by_its_text(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made.built(checkpoint), tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    table = pd.read_parquet(FILES.split("test"))
    # So that the model is wrong somewhere.
    table.assign(label="negative").to_parquet(FILES.split("test"))
    report = _evaluate()
    errors = report.predictions.query("predicted_label != label").nlargest(1, "score")
    assert errors["text"].iloc[0] in report.page


def test_rows_are_explained_the_wrong_ones_first_and_the_same_each_time(tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", {"good": (0.0, 2.0), "bad": (3.0, 0.0)})
    bundle = Classifier.open(tmp_path / "bundle", of_bundle, threads=1)
    texts = [f"row {n} is {'good' if n % 2 else 'bad'} | ann{n}@example.org" for n in range(60)]
    # Every tenth is wrong.
    truth = [["negative", "positive"][(n + (n % 10 == 0)) % 2] for n in range(60)]
    model = metrics.predictions(truth, bundle.predict(texts).probabilities, bundle.labels)
    found = explained.section(bundle, texts, model, seed=7)
    rows = [line for line in found.words.splitlines() if "row" in line and "is <strong>" in line]
    assert len(rows) == 6 + explained.SHOWN
    assert [row.split(" | ")[0] for row in rows[:6]] == ["| positive"] * 6
    assert all("<strong>bad +3.0</strong> &#124; &#91;e-mail&#93;" in row for row in rows[:6])
    for row in rows[6:]:
        actual, predicted = row.split(" | ")[:2]
        assert actual == f"| {predicted}"
        assert ("<strong>good +2.0</strong>" in row) == (predicted == "positive")
    assert found == explained.section(bundle, texts, model, seed=7)
    assert explained.chosen(model, 8) != explained.chosen(model, 7)
