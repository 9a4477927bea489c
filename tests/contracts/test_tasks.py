"""One contract for every task there is, as the registry lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pandas as pd
import pytest

from assay import records
from assay.bundle import manifest as manifests
from assay.bundle.classifier import scope_scores
from assay.bundle.golden import read as read_golden
from assay.files import sha256
from assay.modalities.table.encoding import records as table_rows
from assay.paths import SPLITS, SUITES, ModelPaths
from assay.records import Evaluation, Parity, SplitReport, Trace, ValidationReport
from assay.settings.classification import ClassificationModel
from assay.tasks import registry
from assay.tasks.bundles import open_classifier
from tests import made
from tests.conftest import ROOT
from tests.graphs import temperature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from assay.bundle.classifier import Classifier
    from assay.tasks.task import Task

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


@dataclass(frozen=True)
class Tried:
    """What a task is tried on.

    ``built`` takes the tiny checkpoint and returns a project of the one model `reviews` whose
    stages have all run; ``data`` is what its inbox holds, of so many rows.
    """

    built: Callable[[Path], Path]
    data: Path
    rows: int
    columns: Mapping[str, str]


BUILT = {
    "text-classification": Tried(
        made.built, FILES.inbox / "rows.csv", 300, {"text": "text", "label": "label"}
    ),
    "image-classification": Tried(made.built_images, FILES.inbox / "digits", 300, {}),
    "table-classification": Tried(
        made.built_table, FILES.inbox / "rows.csv", 400, {"label": "repaid"}
    ),
}

every_task = pytest.mark.parametrize("task", registry.TASKS, ids=lambda task: task.name)


@pytest.fixture
def project(
    task: Task[Any], checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> ClassificationModel:
    """Go into the task's built project; return its model's settings."""
    monkeypatch.chdir(_tried(task.name).built(checkpoint))
    found = registry.load_model(made.MODEL)
    assert isinstance(found, ClassificationModel)
    return found


def _tried(name: str) -> Tried:
    if name not in BUILT:
        pytest.fail(
            f"nothing is known to try the task {name!r} on: add to BUILT in test_tasks.py a "
            "function that builds a tiny project of it"
        )
    return BUILT[name]


def test_there_are_tasks() -> None:
    assert "text-classification" in registry.BY_NAME
    assert len(registry.BY_NAME) == len(registry.TASKS)


def test_a_task_without_data_to_try_it_on_fails_with_a_sentence() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"add to BUILT in test_tasks\.py"):
        _tried("sound-classification")


@every_task
def test_its_settings_name_its_axes(task: Task[Any]) -> None:
    assert registry.KINDS[task.name] is task.settings
    assert (ROOT / SUITES / f"{task.folder}.yaml").is_file()
    assert (ROOT / f"src/assay/modalities/{task.data}/__init__.py").is_file()
    assert (ROOT / f"src/assay/objectives/{task.task}/plots.json").is_file()


@every_task
def test_ingest_leaves_no_row_out_and_names_each(
    task: Task[Any], project: ClassificationModel
) -> None:
    raw = pd.read_parquet(FILES.raw)
    assert raw["id"].is_unique
    assert len(raw) == _tried(task.name).rows
    assert {"id", "label"} <= set(raw.columns)


@every_task
def test_validate_says_what_holds_and_what_will_be_dropped(project: ClassificationModel) -> None:
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
def test_splits_are_disjoint_and_hold_every_label(project: ClassificationModel) -> None:
    raw = pd.read_parquet(FILES.raw)
    parts = {name: pd.read_parquet(FILES.split(name)) for name in SPLITS}
    ids = [row for part in parts.values() for row in part["id"]]
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(raw["id"])
    assert set(parts["train"]["label"]) == set(project.labels)
    report = records.read(FILES.split_report, SplitReport)
    assert set(report.leaks.values()) == {0}
    assert report.kept == len(ids)
    for name, part in parts.items():
        assert report.splits[name].rows == len(part)
        assert sum(report.splits[name].labels.values()) == len(part)


@every_task
def test_train_leaves_weights_and_a_curve_and_pickles_nothing(
    project: ClassificationModel,
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
    project: ClassificationModel,
) -> None:
    points = records.read(FILES.trace, Trace).points
    steps = [point.step for point in points]
    assert steps[0] == 0
    assert steps == sorted(set(steps)), "a step has one point"
    assert steps[-1] == pd.read_csv(FILES.curve)["step"].iloc[-1]
    assert len({point.sha256 for point in points}) == len(points)
    assert all(re.fullmatch("[0-9a-f]{64}", point.sha256) for point in points)


@every_task
def test_a_training_is_known_by_its_digest(task: Task[Any], project: ClassificationModel) -> None:
    digest = task.training_digest(project, FILES)
    assert digest == task.training_digest(project, FILES)
    turned = project.model_copy(update={"labels": project.labels[::-1]})
    assert digest != task.training_digest(turned, FILES)
    seed = project.train.model_copy(update={"seed": project.train.seed + 1})
    assert digest != task.training_digest(project.model_copy(update={"train": seed}), FILES)


@every_task
def test_the_manifest_says_what_a_reader_needs(
    task: Task[Any], project: ClassificationModel
) -> None:
    found = manifests.read(FILES.bundle)
    assert (found.data, found.task) == (task.data, task.task)
    assert found.labels == project.labels
    assert found.made_from["weights"] == sha256(FILES.checkpoint)
    assert {"torch", "onnx"} <= set(found.versions)
    assert found.processor
    (output,) = found.outputs
    assert output.shape == ("batch", len(project.labels))
    for port in found.inputs:
        assert len(port.example) == len(port.shape)
        assert all(size > 0 for size in port.example)


@every_task
def test_the_bundle_opens_and_answers_in_probabilities(
    task: Task[Any], project: ClassificationModel
) -> None:
    bundle = open_classifier(FILES.bundle, threads=1)
    requests = task.requests(project)
    file = _tried(task.name).data
    rows, contents = requests.table(file, None)
    assert len(rows) == len(contents) == _tried(task.name).rows
    assert all(requests.usable(contents[:5]))
    answers = bundle.predict(contents[:20])
    assert answers.probabilities.dtype == np.float64
    assert answers.probabilities.shape == (20, len(project.labels))
    assert answers.unknown.shape == (20,)
    assert not answers.unreadable.any()
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1, atol=1e-9)
    assert requests.example
    assert requests.noun in requests.unusable


@every_task
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_no_answer_depends_on_its_neighbours(
    task: Task[Any], project: ClassificationModel, precision: str, tmp_path: Path
) -> None:
    bundle = _exported(task, project, tmp_path / "bundle", precision=precision)
    assert bundle.precision == precision
    _, contents = task.requests(project).table(_tried(task.name).data, None)
    # Texts and images of several lengths and sizes, as they come.
    encoded = bundle.encode(contents[::7])
    alone = {rows[0]: bundle.logits(feeds)[0] for rows, feeds in encoded.batches(1)}
    for size in (2, 8, 64):
        for rows, feeds in encoded.batches(size):
            expected = np.stack([alone[row] for row in rows])
            assert np.abs(bundle.logits(feeds) - expected).max() <= 1e-3


@every_task
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_served_logits_are_divided_by_the_temperature_of_the_report(
    task: Task[Any], project: ClassificationModel, precision: str, tmp_path: Path
) -> None:
    asked = {"precision": precision, "fallback": True}
    served = _exported(task, project, tmp_path / "served", **asked)
    plain = _exported(task, project, tmp_path / "plain", calibration="none", **asked)
    temperature = records.read(FILES.parity, Parity).temperature
    assert temperature != 1
    _, contents = task.requests(project).table(_tried(task.name).data, None)
    for _, feeds in served.encode(contents[:64]).batches(32):
        before = plain.logits(feeds)
        np.testing.assert_allclose(served.logits(feeds), before / temperature, rtol=1e-4, atol=1e-4)
    for file in (manifests.MODEL, manifests.FALLBACK)[: 1 if precision == "fp32" else 2]:
        assert temperature_of(onnx.load(served.folder / file)) == np.float32(temperature)
    golden = read_golden(served.folder).logits
    np.testing.assert_allclose(
        golden, read_golden(plain.folder).logits / temperature, rtol=1e-4, atol=1e-4
    )


@every_task
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_threshold_lets_no_more_of_the_validation_split_fall_below_it_than_asked(
    task: Task[Any], project: ClassificationModel, precision: str, tmp_path: Path
) -> None:
    bundle = _exported(task, project, tmp_path / "bundle", precision=precision, false_alarm=0.25)
    rows = pd.read_parquet(FILES.split("validation"))
    contents = table_rows(rows) if task.data == "table" else rows[task.data].tolist()
    answers = bundle.predict(contents)
    assert answers.threshold == bundle.manifest.threshold
    assert bundle.manifest.threshold is not None
    scores = np.sort(scope_scores(answers.probabilities))
    wanted = scores[int(0.25 * (len(rows) + 1)) - 1]
    assert wanted - 2e-6 < bundle.manifest.threshold < wanted + 1e-6
    assert answers.out_of_scope.mean() <= 0.25
    assert answers.out_of_scope.any()


@every_task
def test_no_threshold_is_served_where_none_is_asked_for(
    task: Task[Any], project: ClassificationModel, tmp_path: Path
) -> None:
    bundle = _exported(task, project, tmp_path / "bundle", false_alarm=None)
    assert bundle.manifest.threshold is None
    _, contents = task.requests(project).table(_tried(task.name).data, None)
    assert not bundle.predict(contents[:40]).out_of_scope.any()


@every_task
def test_the_threshold_of_the_bundle_is_the_one_of_the_report(
    task: Task[Any], project: ClassificationModel
) -> None:
    threshold = manifests.read(FILES.bundle).threshold
    assert threshold == records.read(FILES.parity, Parity).threshold
    rows = len(pd.read_parquet(FILES.split("validation")))
    assert (threshold is not None) == (rows >= 19), "one in twenty, of the rows and one more"
    told = f"{rows:,} validation rows are too" if threshold is None else f"below {threshold:g} is"
    assert told in FILES.report.read_text(encoding="utf-8")


def _exported(
    task: Task[Any], project: ClassificationModel, folder: Path, **changes: object
) -> Classifier:
    """Export the project's model with other settings; open the bundle."""
    block = project.export.model_copy(update=changes)
    task.export(project.model_copy(update={"export": block}), FILES, folder)
    return open_classifier(folder, threads=1)


@every_task
def test_reports_hold_what_the_command_and_the_gate_read(project: ClassificationModel) -> None:
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
    accuracy = (predictions["predicted_label"] == predictions["label"]).mean()
    assert accuracy == pytest.approx(evaluation.metric("accuracy").value, abs=1e-6)


@every_task
def test_what_the_report_shows_is_there(project: ClassificationModel) -> None:
    page = FILES.report.read_text(encoding="utf-8")
    shown = set(re.findall(r"\(pictures/([^)]+)\)", page))
    assert shown == {path.name for path in FILES.pictures.iterdir()}
    classes = pd.read_csv(FILES.tables / "classes.csv")
    assert classes["label"].astype(str).tolist() == list(project.labels)
    (plot,) = FILES.plots.iterdir()
    assert {"confusion", "roc", "calibration", "slices"} <= set(pd.read_csv(plot)["plot"])


@every_task
def test_a_second_evaluation_gives_the_same(task: Task[Any], project: ClassificationModel) -> None:
    report = task.evaluate(project, FILES)
    assert report.evaluation == records.read(FILES.metrics, Evaluation)
    assert report.page == FILES.report.read_text(encoding="utf-8")


@every_task
def test_a_new_model_is_proposed_from_what_a_user_brings(
    task: Task[Any], project: ClassificationModel
) -> None:
    tried = _tried(task.name)
    found = task.propose(tried.data, tried.columns)
    assert found.settings.kind == task.name
    assert set(found.settings.labels) == set(project.labels)
    assert found.rows == tried.rows
    assert all(isinstance(note, str) for note in found.notes)
    assert task.starting_point(found.settings)
    assert set(tried.columns) <= {column.name for column in task.columns}
