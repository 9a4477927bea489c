from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from assay import records
from assay.errors import RecordRefused
from assay.records import (
    Candidate,
    DataSummary,
    Defect,
    Evaluation,
    Example,
    ExpectationReport,
    KeptRows,
    Metric,
    Record,
    SplitPart,
    SplitReport,
    Trace,
    TracePoint,
    ValidationReport,
)
from tests.reports import parity as parity_report
from tests.reports import timings as timings_report

if TYPE_CHECKING:
    from pathlib import Path

METRIC = Metric(
    name="roc_auc",
    title="ROC-AUC",
    value=0.9,
    low=0.85,
    high=0.95,
    baseline=0.8,
    difference=0.1,
    difference_low=0.05,
    difference_high=0.15,
    headline=True,
)
UNDEFINED = Metric(name="log_loss", title="log loss", value=None, higher_is_better=False)
EVALUATION = Evaluation(
    data="text",
    task="classification",
    rows=120,
    precision="fp32",
    baseline="TF-IDF 日本",
    better="model",
    metrics=(METRIC, UNDEFINED),
)
CANDIDATE = Candidate(score=0.75, megabytes=90.1)
PARITY = parity_report(fp32=CANDIDATE, int8=CANDIDATE, grid_max_abs_diff=2e-6)
TIMINGS = timings_report(
    rows_per_second_fp32=100.5,
    rows_per_second_int8=250.0,
    int8_speedup=2.49,
    processor="x86_64 avx2",
)
PART = SplitPart(rows=3, labels={"b": 1, "a": 2})
SPLIT = SplitReport(
    rows=11,
    kept=9,
    dropped={"blank": 2, "any_kind": 2},
    splits={"train": PART, "validation": PART, "test": SplitPart(rows=3)},
    leaks={"exact": 0, "near": 0},
)
DEFECT = Defect(meaning="nothing but space", rows=2, dropped=True, examples=("one", "two"))
KEPT = KeptRows(rows=5, kept=4)
SUMMARY = DataSummary(
    rows=11,
    kept=9,
    dropped=2,
    kinds={"blank": DEFECT},
    figures={"tokens": 70, "share of unknown tokens": 0.25},
    classes={"a": KEPT},
)
EXAMPLE = Example(value="(empty)", rows=2)
EXPECTATION = ExpectationReport(
    type="expect_column_values_to_be_in_set",
    kwargs={"column": "label", "value_set": ["a", "b"]},
    because="It must be known.",
    next="Correct the spelling.",
    column="label",
    success=False,
    observed=[1, 0.5, None],
    rows=2,
    examples=(EXAMPLE,),
    problem=None,
)
VALIDATION = ValidationReport(
    suite="expectations/text_classification.yaml",
    success=False,
    evaluated=17,
    broken=1,
    expectations=(EXPECTATION,),
    summary=SUMMARY,
)
POINT = TracePoint(step=200, sha256="ab" * 32)
TRACE = Trace(points=(TracePoint(step=0, sha256="cd" * 32), POINT))
EVERY: tuple[Record, ...] = (
    METRIC, EVALUATION, CANDIDATE, PARITY, TIMINGS, PART, SPLIT, DEFECT, KEPT, SUMMARY, EXAMPLE,
    EXPECTATION, VALIDATION, POINT, TRACE,
)  # fmt: skip


def kind_of(record: Record) -> str:
    return type(record).__name__


def altered(path: Path, **changes: Any) -> Path:
    """Write an evaluation, and change what its file says."""
    records.write(path, EVALUATION)
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, **changes}), encoding="utf-8")
    return path


def refused(path: Path, kind: type[Record] = Evaluation) -> RecordRefused:
    with pytest.raises(RecordRefused) as problem:
        records.read(path, kind)
    assert str(path) in problem.value.found
    assert "schema version 1" in problem.value.expected
    assert "assay run" in problem.value.cure
    return problem.value


def test_every_kind_of_record_is_tried_here() -> None:
    kinds = {
        kind
        for _, kind in inspect.getmembers(records, inspect.isclass)
        if issubclass(kind, Record) and kind is not Record
    }
    assert {type(record) for record in EVERY} == kinds


@pytest.mark.parametrize("record", EVERY, ids=kind_of)
def test_what_was_written_is_read(tmp_path: Path, record: Record) -> None:
    path = tmp_path / "reports/record.json"
    records.write(path, record)
    found = records.read(path, type(record))
    assert found == record
    assert type(found) is type(record)


@pytest.mark.parametrize("record", EVERY, ids=kind_of)
def test_equal_records_are_equal_bytes(tmp_path: Path, record: Record) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    records.write(one, record)
    records.write(two, records.read(one, type(record)))
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes().endswith(b"}\n")
    assert json.loads(one.read_text(encoding="utf-8"))["schema"] == records.SCHEMA


def test_metrics_are_written_by_name_and_read_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    records.write(path, EVALUATION)
    written = json.loads(path.read_text(encoding="utf-8"))["metrics"]
    assert list(written) == ["roc_auc", "log_loss"]
    assert written["roc_auc"]["value"] == 0.9
    assert "name" not in written["roc_auc"]
    assert written["log_loss"]["value"] is None
    assert [metric.name for metric in records.read(path, Evaluation).metrics] == list(written)


def test_letters_of_any_script_stay_readable(tmp_path: Path) -> None:
    records.write(tmp_path / "metrics.json", EVALUATION)
    assert "日本" in (tmp_path / "metrics.json").read_text(encoding="utf-8")


def test_a_metric_is_found_by_its_name() -> None:
    assert EVALUATION.metric("roc_auc") is METRIC
    with pytest.raises(KeyError, match="accuracy"):
        EVALUATION.metric("accuracy")


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_schema_version_is_refused(tmp_path: Path, version: object) -> None:
    problem = refused(altered(tmp_path / "metrics.json", schema=version))
    assert f"its schema version is {version}" in problem.found


def test_a_file_without_a_schema_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(EVALUATION.model_dump_json(), encoding="utf-8")
    assert "its schema version is None" in refused(path).found


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "it is not there" in refused(tmp_path / "metrics.json").found


def test_an_unknown_field_is_refused_by_its_name(tmp_path: Path) -> None:
    assert "surprise" in refused(altered(tmp_path / "metrics.json", surprise=1)).found


def test_a_missing_field_and_a_wrong_value_are_refused(tmp_path: Path) -> None:
    assert "rows" in refused(altered(tmp_path / "one.json", rows="many")).found
    assert "better" in refused(altered(tmp_path / "two.json", better="both")).found
    path = tmp_path / "three.json"
    path.write_text('{"schema": 1}', encoding="utf-8")
    assert "Field required" in refused(path).found


def test_another_kind_of_record_is_refused(tmp_path: Path) -> None:
    records.write(tmp_path / "split.json", SPLIT)
    refused(tmp_path / "split.json")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"1", b"\xff", b'{"schema": 1, "rows": NaN}']
)
def test_what_is_no_record_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "metrics.json"
    path.write_bytes(content)
    refused(path)


def test_no_number_is_no_value() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValidationError):
            Metric(name="accuracy", title="accuracy", value=value)


def test_a_record_never_changes() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        METRIC.value = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(("value", "shown"), [(1.234e-6, 1e-6), (0.0, 0.0), (9.6e-5, 1e-4)])
def test_differences_are_told_by_their_first_digit(value: float, shown: float) -> None:
    assert records.one_digit(value) == shown


def test_a_candidate_has_the_size_of_all_its_graphs() -> None:
    found = records.Candidate.measured(0.12345678, b"\0" * 1_250_000, b"\0" * 1_000)
    assert (found.score, found.megabytes) == (0.123457, 1.251)


def test_what_is_served_has_its_own_speed() -> None:
    told = {"provider": "CPUExecutionProvider", "processor": "x", "threads": 2}
    both = records.Timings(rows_per_second_fp32=10, rows_per_second_int8=30, **told)
    assert (both.served("fp32"), both.served("int8")) == (10, 30)
    assert records.Timings(rows_per_second_fp32=10, **told).served("fp32") == 10
