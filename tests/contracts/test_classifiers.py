"""One contract for every task of classification there is, as the registry lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pandas as pd
import pytest

from assay import records
from assay.bundle import manifest as manifests
from assay.bundle.classifier import scope_scores
from assay.bundle.golden import read as read_golden
from assay.modalities.table.encoding import records as table_rows
from assay.paths import SPLITS
from assay.records import Evaluation, Parity, SplitReport
from assay.settings.classification import ClassificationModel
from assay.tasks import registry
from assay.tasks.bundles import open_classifier
from assay.tasks.task import PredictingTask
from tests import made
from tests.contracts.tried import FILES, tried_on
from tests.graphs import temperature_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from assay.bundle.classifier import Classifier

    Task = PredictingTask[Any]
    Export = Callable[..., Classifier]

pytestmark = pytest.mark.processor

CLASSIFIERS = [task for task in registry.TASKS if isinstance(task, PredictingTask)]

every_classifier = pytest.mark.parametrize("task", CLASSIFIERS, ids=lambda task: task.name)


PRECISIONS = ("fp32", "int8")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Return a function that exports the task's model with other settings, each choice once."""
    base = tmp_path_factory.mktemp("exported")

    def export(task: Task, project: ClassificationModel, **changes: object) -> Classifier:
        folder = base / "-".join([task.name, *(f"{name}={changes[name]}" for name in changes)])
        if not folder.exists():
            block = project.export.model_copy(update=changes)
            task.export(project.model_copy(update={"export": block}), FILES, folder)
        return open_classifier(folder, threads=1)

    return export


@pytest.fixture
def served(
    task: Task, project: ClassificationModel, precision: str, exported: Export
) -> Classifier:
    """Return the task's bundle in a precision: calibrated, with a threshold."""
    return exported(task, project, precision=precision, fallback=True, false_alarm=0.25)


@pytest.fixture
def plain(task: Task, project: ClassificationModel, precision: str, exported: Export) -> Classifier:
    """Return the same, neither calibrated nor with a threshold."""
    changes = {"precision": precision, "fallback": True, "false_alarm": None}
    return exported(task, project, calibration="none", **changes)


@pytest.fixture
def project(task: Task, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> ClassificationModel:
    """Go into the task's built project; return its model's settings."""
    monkeypatch.chdir(tried_on(task.name).built(checkpoint))
    found = registry.load_model(made.MODEL)
    assert isinstance(found, ClassificationModel)
    return found


def test_every_task_of_classification_predicts() -> None:
    assert {task.name for task in CLASSIFIERS} == {
        task.name for task in registry.TASKS if task.task == "classification"
    }


@every_classifier
def test_every_row_has_its_label(task: Task, project: ClassificationModel) -> None:
    assert "label" in pd.read_parquet(FILES.raw).columns


@every_classifier
def test_splits_hold_every_label(project: ClassificationModel) -> None:
    parts = {name: pd.read_parquet(FILES.split(name)) for name in SPLITS}
    assert set(parts["train"]["label"]) == set(project.labels)
    report = records.read(FILES.split_report, SplitReport)
    for name, part in parts.items():
        assert sum(report.splits[name].labels.values()) == len(part)


@every_classifier
def test_other_labels_are_another_training(task: Task, project: ClassificationModel) -> None:
    turned = project.model_copy(update={"labels": project.labels[::-1]})
    assert task.training_digest(project, FILES) != task.training_digest(turned, FILES)


@every_classifier
def test_the_graph_has_a_logit_for_each_label(project: ClassificationModel) -> None:
    found = manifests.read(FILES.bundle)
    assert found.labels == project.labels
    output = found.outputs[0]
    assert output.shape == ("batch", len(project.labels))


@every_classifier
def test_the_bundle_opens_and_answers_in_probabilities(
    task: Task, project: ClassificationModel
) -> None:
    bundle = open_classifier(FILES.bundle, threads=1)
    requests = task.requests(project)
    file = tried_on(task.name).data
    rows, contents = requests.table(file, None)
    assert len(rows) == len(contents) == tried_on(task.name).rows
    assert all(requests.usable(contents[:5]))
    answers = bundle.predict(contents[:20])
    assert answers.probabilities.dtype == np.float64
    assert answers.probabilities.shape == (20, len(project.labels))
    assert answers.unknown.shape == (20,)
    assert not answers.unreadable.any()
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1, atol=1e-9)
    assert requests.example
    assert requests.noun in requests.unusable


@every_classifier
@pytest.mark.parametrize("precision", PRECISIONS)
def test_no_answer_depends_on_its_neighbours(
    task: Task, project: ClassificationModel, precision: str, served: Classifier
) -> None:
    assert served.precision == precision
    _, contents = task.requests(project).table(tried_on(task.name).data, None)
    # Texts and images of several lengths and sizes, as they come.
    encoded = served.encode(contents[::7])
    alone = {rows[0]: served.logits(feeds)[0] for rows, feeds in encoded.batches(1)}
    for size in (2, 8, 64):
        for rows, feeds in encoded.batches(size):
            expected = np.stack([alone[row] for row in rows])
            assert np.abs(served.logits(feeds) - expected).max() <= 1e-3


@every_classifier
@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_served_logits_are_divided_by_the_temperature_of_the_report(
    task: Task,
    project: ClassificationModel,
    precision: str,
    served: Classifier,
    plain: Classifier,
) -> None:
    temperature = records.read(FILES.parity, Parity).temperature
    assert temperature != 1
    _, contents = task.requests(project).table(tried_on(task.name).data, None)
    for _, feeds in served.encode(contents[:64]).batches(32):
        before = plain.logits(feeds)
        np.testing.assert_allclose(served.logits(feeds), before / temperature, rtol=1e-4, atol=1e-4)
    for file in (manifests.MODEL, manifests.FALLBACK)[: 1 if precision == "fp32" else 2]:
        assert temperature_of(onnx.load(served.folder / file)) == np.float32(temperature)
    golden = read_golden(served.folder).logits
    np.testing.assert_allclose(
        golden, read_golden(plain.folder).logits / temperature, rtol=1e-4, atol=1e-4
    )


@every_classifier
@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_threshold_lets_no_more_of_the_validation_split_fall_below_it_than_asked(
    task: Task, served: Classifier
) -> None:
    rows = pd.read_parquet(FILES.split("validation"))
    contents = table_rows(rows) if task.data == "table" else rows[task.data].tolist()
    answers = served.predict(contents)
    assert answers.threshold == served.manifest.threshold
    assert served.manifest.threshold is not None
    scores = np.sort(scope_scores(answers.probabilities))
    wanted = scores[int(0.25 * (len(rows) + 1)) - 1]
    assert wanted - 2e-6 < served.manifest.threshold < wanted + 1e-6
    assert answers.out_of_scope.mean() <= 0.25
    assert answers.out_of_scope.any()


@every_classifier
@pytest.mark.parametrize("precision", PRECISIONS)
def test_no_threshold_is_served_where_none_is_asked_for(
    task: Task, project: ClassificationModel, plain: Classifier
) -> None:
    assert plain.manifest.threshold is None
    _, contents = task.requests(project).table(tried_on(task.name).data, None)
    assert not plain.predict(contents[:40]).out_of_scope.any()


@every_classifier
def test_the_threshold_of_the_bundle_is_the_one_of_the_report(
    task: Task, project: ClassificationModel
) -> None:
    threshold = manifests.read(FILES.bundle).threshold
    assert threshold == records.read(FILES.parity, Parity).threshold
    rows = len(pd.read_parquet(FILES.split("validation")))
    assert (threshold is not None) == (rows >= 19), "one in twenty, of the rows and one more"
    told = f"{rows:,} validation rows are too" if threshold is None else f"below {threshold:g} is"
    assert told in FILES.report.read_text(encoding="utf-8")


@every_classifier
def test_predictions_stand_beside_the_labels(project: ClassificationModel) -> None:
    evaluation = records.read(FILES.metrics, Evaluation)
    predictions = pd.read_parquet(FILES.predictions)
    accuracy = (predictions["predicted_label"] == predictions["label"]).mean()
    assert accuracy == pytest.approx(evaluation.metric("accuracy").value, abs=1e-6)


@every_classifier
def test_the_report_shows_every_class(project: ClassificationModel) -> None:
    classes = pd.read_csv(FILES.tables / "classes.csv")
    assert classes["label"].astype(str).tolist() == list(project.labels)
    (plot,) = FILES.plots.iterdir()
    assert {"confusion", "roc", "calibration", "slices"} <= set(pd.read_csv(plot)["plot"])


@every_classifier
def test_a_new_model_has_the_labels_of_its_data(task: Task, project: ClassificationModel) -> None:
    tried = tried_on(task.name)
    found = task.propose(tried.data, tried.columns)
    assert set(found.settings.labels) == set(project.labels)
