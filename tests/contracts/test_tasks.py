"""One contract for every task there is, as the registry lists them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay import records
from assay.bundle import manifest as manifests
from assay.files import sha256
from assay.paths import SPLITS, SUITES
from assay.records import Evaluation, Parity, SplitReport, Trace, ValidationReport
from assay.tasks import registry
from assay.tasks.bundles import open_bundle
from tests import made
from tests.conftest import ROOT
from tests.contracts.tried import FILES, tried_on

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.schema import Model
    from assay.tasks.task import Task

pytestmark = pytest.mark.processor

every_task = pytest.mark.parametrize("task", registry.TASKS, ids=lambda task: task.name)


@pytest.fixture
def project(task: Task[Any], checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Go into the task's built project; return its model's settings."""
    monkeypatch.chdir(tried_on(task.name).built(checkpoint))
    return registry.load_model(made.MODEL)


def test_there_are_tasks() -> None:
    assert "text-classification" in registry.BY_NAME
    assert len(registry.BY_NAME) == len(registry.TASKS)


def test_a_task_without_data_to_try_it_on_fails_with_a_sentence() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"add to BUILT in tests/contracts/tried\.py"):
        tried_on("sound-classification")


@every_task
def test_its_settings_name_its_axes(task: Task[Any]) -> None:
    assert registry.KINDS[task.name] is task.settings
    assert (ROOT / SUITES / f"{task.folder}.yaml").is_file()
    assert (ROOT / f"src/assay/modalities/{task.data}/__init__.py").is_file()
    assert (ROOT / f"src/assay/objectives/{task.task}/plots.json").is_file()


@every_task
def test_ingest_leaves_no_row_out_and_names_each(task: Task[Any], project: Model) -> None:
    raw = pd.read_parquet(FILES.raw)
    assert raw["id"].is_unique
    assert len(raw) == tried_on(task.name).rows


@every_task
def test_validate_says_what_holds_and_what_will_be_dropped(project: Model) -> None:
    report = records.read(FILES.validation, ValidationReport)
    split = records.read(FILES.split_report, SplitReport)
    assert report.success
    assert report.evaluated == len(report.expectations) > 0
    assert report.summary.rows == split.rows
    assert report.summary.dropped == split.dropped["any_kind"]
    page = (FILES.data_docs / "index.html").read_text(encoding="utf-8")
    assert "<html" in page
    assert 'src="http' not in page, "the page stands alone"


@every_task
def test_splits_are_disjoint_and_counted(project: Model) -> None:
    raw = pd.read_parquet(FILES.raw)
    parts = {name: pd.read_parquet(FILES.split(name)) for name in SPLITS}
    ids = [row for part in parts.values() for row in part["id"]]
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(raw["id"])
    report = records.read(FILES.split_report, SplitReport)
    assert set(report.leaks.values()) == {0}
    assert report.kept == len(ids)
    for name, part in parts.items():
        assert report.splits[name].rows == len(part)


@every_task
def test_train_leaves_weights_and_a_curve_and_pickles_nothing(
    project: Model,
) -> None:
    names = {path.name for path in FILES.checkpoint.iterdir()}
    assert "model.safetensors" in names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl", ".pth"))]
    curve = pd.read_csv(FILES.curve)
    assert {"step", "epoch", "loss", "learning_rate", "validation_loss"} <= set(curve.columns)
    assert curve["step"].is_monotonic_increasing
    assert not FILES.resume.exists(), "a finished training leaves no state to resume from"


@every_task
def test_train_leaves_a_trace_of_the_state_beside_the_checkpoint(
    project: Model,
) -> None:
    points = records.read(FILES.trace, Trace).points
    steps = [point.step for point in points]
    assert steps[0] == 0
    assert steps == sorted(set(steps)), "a step has one point"
    assert steps[-1] == pd.read_csv(FILES.curve)["step"].iloc[-1]
    assert len({point.sha256 for point in points}) == len(points)
    assert all(re.fullmatch("[0-9a-f]{64}", point.sha256) for point in points)


@every_task
def test_a_training_is_known_by_its_digest(task: Task[Any], project: Model) -> None:
    digest = task.training_digest(project, FILES)
    assert digest == task.training_digest(project, FILES)
    seed = project.train.model_copy(update={"seed": project.train.seed + 1})
    assert digest != task.training_digest(project.model_copy(update={"train": seed}), FILES)


@every_task
def test_the_manifest_says_what_a_reader_needs(task: Task[Any], project: Model) -> None:
    found = manifests.read(FILES.bundle)
    assert (found.data, found.task) == (task.data, task.task)
    assert found.labels == project.labels
    assert found.made_from["weights"] == sha256(FILES.checkpoint)
    assert {"torch", "onnx"} <= set(found.versions)
    assert found.processor
    assert found.outputs
    for port in found.inputs:
        assert len(port.example) == len(port.shape)
        assert all(size > 0 for size in port.example)


@every_task
def test_reports_hold_what_the_command_and_the_gate_read(project: Model) -> None:
    evaluation = records.read(FILES.metrics, Evaluation)
    assert (evaluation.data, evaluation.task) == (project.data, project.task)
    assert any(metric.decisive for metric in evaluation.metrics)
    assert any(metric.headline for metric in evaluation.metrics)
    for metric in evaluation.metrics:
        if metric.low is not None and metric.high is not None and metric.value is not None:
            assert metric.low <= metric.value + 1e-6
            assert metric.value <= metric.high + 1e-6
    parity = records.read(FILES.parity, Parity)
    assert parity.precision == evaluation.precision
    predictions = pd.read_parquet(FILES.predictions)
    test = pd.read_parquet(FILES.split("test"))
    assert predictions["id"].tolist() == test["id"].tolist()


@every_task
def test_what_the_report_shows_is_there(project: Model) -> None:
    page = FILES.report.read_text(encoding="utf-8")
    shown = set(re.findall(r"\(pictures/([^)]+)\)", page))
    assert shown == {path.name for path in FILES.pictures.iterdir()}
    (plot,) = FILES.plots.iterdir()
    assert {"plot", "x", "y"} <= set(pd.read_csv(plot).columns)


@every_task
def test_a_second_evaluation_gives_the_same(task: Task[Any], project: Model) -> None:
    report = task.evaluate(project, FILES)
    assert report.evaluation == records.read(FILES.metrics, Evaluation)
    assert report.page == FILES.report.read_text(encoding="utf-8")


@every_task
def test_a_new_model_is_proposed_from_what_a_user_brings(task: Task[Any], project: Model) -> None:
    tried = tried_on(task.name)
    found = task.propose(tried.data, tried.columns)
    assert found.settings.kind == task.name
    assert found.rows == tried.rows
    assert all(isinstance(note, str) for note in found.notes)
    assert task.starting_point(found.settings)
    assert set(tried.columns) <= {column.name for column in task.columns}


@every_task
def test_the_bundle_opens_as_its_task_does(task: Task[Any], project: Model) -> None:
    opened = open_bundle(FILES.bundle, threads=1)
    assert opened.manifest == manifests.read(FILES.bundle)
    assert opened.precision == opened.manifest.precision
    assert opened.provider == "CPUExecutionProvider"
    assert task.command in {"predict", "generate"}
    assert task.example(project)
