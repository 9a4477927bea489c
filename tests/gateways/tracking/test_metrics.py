from __future__ import annotations

from assay.gateways.tracking.metrics import flat_numbers, metrics_of
from assay.records import Candidate, Evaluation, Metric, SplitPart, SplitReport
from tests.reports import parity as parity_report


def test_an_evaluation_becomes_its_figures_with_their_intervals_and_the_baselines() -> None:
    evaluation = Evaluation(
        data="text",
        task="classification",
        rows=30,
        precision="int8",
        baseline="TF-IDF and logistic regression",
        better="neither",
        metrics=(
            Metric(
                name="accuracy", title="Accuracy", value=0.8, low=0.7, high=0.9, baseline=0.75,
                difference=0.05, difference_low=-0.05, difference_high=0.15,
            ),
            Metric(name="log_loss", title="Log loss", value=0.0, higher_is_better=False),
            Metric(name="roc_auc", title="ROC-AUC", value=None, baseline=0.5),
        ),
    )  # fmt: skip
    assert metrics_of(evaluation) == {
        "test.accuracy": 0.8,
        "test.accuracy_low": 0.7,
        "test.accuracy_high": 0.9,
        "baseline.accuracy": 0.75,
        "test.log_loss": 0.0,
        "baseline.roc_auc": 0.5,
    }


def test_an_evaluation_without_metrics_has_no_figures() -> None:
    empty = Evaluation(
        data="text", task="x", rows=1, precision="fp32", baseline="", better="neither", metrics=()
    )
    assert metrics_of(empty) == {}


def test_numbers_of_a_record_get_dotted_names_and_all_else_is_left_out() -> None:
    parity = parity_report(
        fp32=Candidate(score=0.9, megabytes=90.0),
        int8=Candidate(score=0.89, megabytes=23.0),
        score_drop=0.01,
        same_prediction_int8=0.98,
        validation_rows=45,
        grid_max_abs_diff=2e-6,
        precision="fp32",
        reason="it is asked for",
    )
    assert flat_numbers(parity, "parity.") == {
        "parity.fp32.score": 0.9,
        "parity.fp32.megabytes": 90.0,
        "parity.int8.score": 0.89,
        "parity.int8.megabytes": 23.0,
        "parity.score_drop": 0.01,
        "parity.same_prediction_int8": 0.98,
        "parity.validation_rows": 45,
        "parity.validation_max_abs_diff": 1e-6,
        "parity.grid_max_abs_diff": 2e-6,
        "parity.neighbours_max_abs_diff": 1e-6,
        "parity.temperature": 1.0,
    }


def test_whole_numbers_of_any_depth_become_floats() -> None:
    report = SplitReport(
        rows=12,
        kept=10,
        dropped={"blank": 2},
        splits={"train": SplitPart(rows=10, labels={"good": 6, "bad": 4})},
        leaks={},
    )
    found = flat_numbers(report, "data.")
    assert found == {
        "data.rows": 12,
        "data.kept": 10,
        "data.dropped.blank": 2,
        "data.splits.train.rows": 10,
        "data.splits.train.labels.good": 6,
        "data.splits.train.labels.bad": 4,
    }
    assert {type(value) for value in found.values()} == {float}
    assert set(flat_numbers(report, "")) == {name.removeprefix("data.") for name in found}
