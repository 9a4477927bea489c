from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay import records
from assay.bundle.classifier import scope_scores
from assay.bundle.manifest import Manifest
from assay.errors import RecordRefused
from assay.files import write_text
from assay.objectives.classification import calibration, evaluation, metrics
from assay.objectives.classification.baselines import Scored
from assay.paths import ModelPaths
from assay.records import SplitPart, SplitReport
from assay.reporting.section import Section
from assay.settings.classification import ClassificationModel
from tests.objectives.classification.made import drawn
from tests.reporting.made import PARITY

if TYPE_CHECKING:
    from pathlib import Path

    from assay.reporting.report import Report

FILES = ModelPaths("toy")
ROWS = 400
MODEL, BASELINE = drawn(ROWS, 3, 2.0, 1), drawn(ROWS, 3, 1.0, 2)
TF_IDF = Scored("TF-IDF and logistic regression", 0.6, BASELINE)
SETTINGS = ClassificationModel.model_validate(
    {
        "data": "text",
        "task": "classification",
        "labels": list(MODEL.labels),
        "evaluate": {"bootstrap": 200, "worst": 5, "seed": 1},
    }
)
MANIFEST = Manifest(
    model="toy",
    data="text",
    task="classification",
    labels=MODEL.labels,
    precision="int8",
    inputs=(),
    outputs=(),
    made_from={"weights": "ab" * 32},
    processor="none",
    versions={},
)


@pytest.fixture(autouse=True)
def _reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the reports of split, training and export."""
    monkeypatch.chdir(tmp_path)
    parts = {
        name: SplitPart(rows=400, labels=dict.fromkeys(MODEL.labels, 10))
        for name in ("train", "validation", "test")
    }
    records.write(
        FILES.split_report,
        SplitReport(
            rows=1300,
            kept=1200,
            dropped={"duplicate": 90, "blank": 0, "any_kind": 100, "between_two_splits": 10},
            splits=parts,
            leaks={"exact": 0, "near": 0},
        ),
    )
    records.write(FILES.parity, PARITY)
    write_text(FILES.curve, "step,loss\n10,1.0\n20,0.8\n")


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [str(row) for row in range(ROWS)],
            "text": [f"text {row}" for row in range(ROWS)],
            "label": [MODEL.labels[number] for number in MODEL.truth],
        }
    )


def report_of(
    rows: pd.DataFrame | None = None, *sections: Section, baselines: tuple[Scored, ...] = (TF_IDF,)
) -> Report:
    found = evaluation.Tested(
        table=table() if rows is None else rows,
        model=MODEL,
        baselines=baselines,
        slicings={"shop": pd.Series(["east"] * 390 + ["west"] * 10)},
        show=lambda row: f"shown: {row['text']}",
        sections=sections,
    )
    return evaluation.evaluate(found, MANIFEST, SETTINGS, FILES)


def headings(page: str) -> list[str]:
    return re.findall(r"^## (.*)$", page, flags=re.MULTILINE)


def test_the_page_has_its_parts_and_repeats_itself() -> None:
    page = report_of().page
    assert page == report_of().page
    assert page.startswith("# toy\n\nThis text-classification model of 3 classes")
    assert headings(page) == [
        "Figures", "Baselines", "By class", "Slices", "Calibration", "Out of scope", "Training",
        "What is served", "Data", "Use and limits", "Worst errors",
    ]  # fmt: skip
    assert "| fp32.score | 0.75 |" in page
    assert "west (small)" in page
    assert "duplicate 90, between two splits 10;" in page


def test_what_a_task_adds_stands_behind_the_slices() -> None:
    def draw(path: Path) -> None:
        path.touch()

    rows = pd.DataFrame({"the_kind": ["<b>", "x|y"], "rows": [1200, 7], "accuracy": [0.5, 1 / 3]})
    found = report_of(
        None,
        Section("looks", "How it looks", "Some words.", draw=draw),
        Section("kinds", "Kinds", "Other words.", rows),
    )
    assert headings(found.page)[3:7] == ["Slices", "How it looks", "Kinds", "Calibration"]
    assert "Some words.\n\n![How it looks](pictures/looks.png)" in found.page
    assert found.pictures["looks"] is draw
    assert found.tables["kinds"] is rows
    assert list(found.tables) == ["classes", "slices", "baselines", "kinds"]


def test_the_model_stands_beside_the_baseline_that_is_best_on_validation() -> None:
    weak = Scored("a weak one", 0.7, drawn(ROWS, 3, 0.0, 3))
    found = report_of(baselines=(TF_IDF, weak))
    assert found.evaluation.baseline == "a weak one"
    expected = metrics.figures(weak.test)["accuracy"]
    assert found.evaluation.metric("accuracy").baseline == pytest.approx(expected, abs=1e-6)
    assert "(a weak one)" in found.page
    assert found.tables["baselines"]["name"].tolist() == ["the model", TF_IDF.name, "a weak one"]


def test_a_baseline_that_beats_the_model_is_named_though_another_was_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    strong = Scored("a strong one", 0.5, drawn(ROWS, 3, 4.0, 3))
    found = report_of(baselines=(TF_IDF, strong))
    assert found.evaluation.baseline == TF_IDF.name
    assert found.evaluation.better == "model"
    told = "On the test split the model is below a strong one (accuracy and macro F1)."
    assert f"**{told}**" in found.page
    assert f"evaluate: {told}\n" in capsys.readouterr().err


def test_the_model_has_the_validation_score_of_the_graph_that_is_served() -> None:
    assert PARITY.precision == "int8"
    assert PARITY.int8 is not None
    assert PARITY.int8.score != PARITY.fp32.score
    for precision in ("int8", "fp32"):
        records.write(FILES.parity, PARITY.model_copy(update={"precision": precision}))
        table = report_of().tables["baselines"]
        assert table["validation_macro_f1"].tolist() == [getattr(PARITY, precision).score, 0.6]


def test_the_temperature_of_the_export_is_told_with_what_it_changed() -> None:
    plain = report_of().page
    records.write(FILES.parity, PARITY.model_copy(update={"temperature": 0.5}))
    page = report_of().page
    assert "divides its logits by a temperature of 0.5" in page
    before = calibration.unscaled(MODEL, 0.5)
    figures = (metrics.calibration_error(before), metrics.calibration_error(MODEL))
    assert "| {:.3f} | **{:.3f}** |".format(*figures) in page
    assert page.count("not scaled") == 2, "beside the figures, and below Calibration"
    assert "not scaled" not in plain


def test_the_threshold_of_the_export_is_told_with_what_it_does_to_the_test_split() -> None:
    assert "`export.false_alarm` is null" in report_of().page
    changed = {"false_alarm": 0.05, "threshold": 1.2}
    records.write(FILES.parity, PARITY.model_copy(update=changed))
    page = report_of().page
    outside = scope_scores(MODEL.probabilities) < 1.2
    assert 0 < outside.sum() < ROWS
    assert f"| called out of scope | {outside.sum()} |" in page


def test_every_picture_of_the_page_is_drawn_and_no_other(tmp_path: Path) -> None:
    found = report_of()
    assert set(re.findall(r"\(pictures/(\w+)\.png\)", found.page)) == set(found.pictures)
    for name, draw in found.pictures.items():
        draw(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 1000


def test_the_record_is_what_was_measured() -> None:
    found = report_of().evaluation
    assert (found.data, found.task, found.rows) == ("text", "classification", ROWS)
    assert (found.precision, found.better) == ("int8", "model")
    assert found.baseline == "TF-IDF and logistic regression"
    for name, value in metrics.figures(MODEL).items():
        assert found.metric(name).value == pytest.approx(value, abs=1e-6)
    for name, value in metrics.figures(BASELINE).items():
        assert found.metric(name).baseline == pytest.approx(value, abs=1e-6)


def test_predictions_are_the_rows_with_their_answers_and_without_encoded_images() -> None:
    rows = table().assign(image=[b"bytes"] * ROWS)
    found = report_of(rows).predictions
    assert list(found) == [
        "id", "text", "label", "predicted_label", "score", "p_class 0", "p_class 1", "p_class 2",
    ]  # fmt: skip
    answers = np.array(MODEL.labels)[MODEL.predicted]
    assert found["predicted_label"].tolist() == answers.tolist()
    np.testing.assert_array_equal(found["score"], MODEL.confidence)


def test_the_worst_errors_are_shown_as_the_task_shows_them() -> None:
    page = report_of().page
    shown = metrics.worst(MODEL, 5)
    assert len(shown) == 5
    for row in shown:
        assert f"| {row} | " in page
        assert f"| shown: text {row} |" in page
    assert page.count("| shown: text ") == 5


def test_a_missing_report_is_refused() -> None:
    FILES.parity.unlink()
    with pytest.raises(RecordRefused, match=r"parity\.json"):
        report_of()
