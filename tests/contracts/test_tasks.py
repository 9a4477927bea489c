"""One contract for every task type there is: a folder under ``src/assay/tasks``."""

from __future__ import annotations

import importlib
import inspect
import re
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay import artifacts, inputs, tasks
from assay.artifacts import SPLITS, STAGES, Artifacts
from assay.bundle import Bundle
from assay.cli import new
from assay.scoring.metrics import outcome
from assay.settings import params, reading
from assay.tasks import protocol
from tests import made
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from assay.settings.schema import Model

FOLDERS = sorted(
    path.name for path in Path(tasks.__file__).parent.iterdir() if (path / "__init__.py").is_file()
)
TASKS = [name.replace("_", "-") for name in FOLDERS]
# The functions of protocol.py that return a task's modules, and the protocol each returns.
MODULES: dict[str, tuple[Callable[[str], object], type]] = {
    name: (function, typing.get_type_hints(function)["return"])
    for name, function in vars(protocol).items()
    if inspect.isfunction(function)
    and function.__module__ == protocol.__name__
    and not name.startswith("_")
}
FILES = Artifacts(made.MODEL)


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
}

every_task = pytest.mark.parametrize("task", TASKS)


@pytest.fixture
def project(task: str, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Go into the task's built project; return its model's settings."""
    monkeypatch.chdir(_project(task, checkpoint))
    return reading.load_model(artifacts.PARAMS, made.MODEL)


def _project(task: str, checkpoint: Path) -> Path:
    if task not in BUILT:
        pytest.fail(
            f"nothing is known to try the task {task!r} on: add to BUILT in {Path(__file__).name} "
            "a function that builds a tiny project of it"
        )
    return BUILT[task].built(checkpoint)


def test_there_are_tasks() -> None:
    assert "text-classification" in TASKS
    assert set(STAGES) <= {_module_name(protocol_) for _, protocol_ in MODULES.values()}


def test_a_task_without_data_to_try_it_on_fails_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"add to BUILT in test_tasks\.py"):
        _project("sound-classification", tmp_path)


def _module_name(kind: type) -> str:
    """Return the module that a protocol's docstring names."""
    return str(kind.__doc__).split("``")[1]


@every_task
@pytest.mark.parametrize("name", MODULES)
def test_every_module_keeps_its_protocol(task: str, name: str) -> None:
    find, kind = MODULES[name]
    module = find(task)
    assert getattr(module, "__name__", "").endswith(f".{_module_name(kind)}")
    for member, wanted in vars(kind).items():
        if inspect.isfunction(wanted) and not member.startswith("_"):
            _, *expected = inspect.signature(wanted).parameters.values()  # without self
            found = list(inspect.signature(getattr(module, member)).parameters.values())
            assert [(p.name, p.kind) for p in found] == [(p.name, p.kind) for p in expected]
            assert inspect.getdoc(getattr(module, member)), f"{member} says nothing of itself"
    for member in vars(kind).get("__annotations__", {}):
        assert isinstance(getattr(module, member), str)


@every_task
def test_a_user_can_ask_for_it(task: str) -> None:
    assert task in params.BLOCKS
    assert task in inputs.KINDS
    assert task in new.TASKS
    assert (ROOT / artifacts.SUITES / f"{task}.yaml").is_file()


@every_task
def test_it_imports_no_other_task(task: str) -> None:
    own = task.replace("-", "_")
    others = [name for name in FOLDERS if name != own]
    for file in (Path(tasks.__file__).parent / own).glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not [name for name in others if f"assay.tasks.{name}" in text], file
        importlib.import_module(f"assay.tasks.{own}.{file.stem}")


@every_task
def test_ingest_leaves_no_row_out_and_names_each(task: str, project: Model) -> None:
    raw = pd.read_parquet(FILES.raw)
    assert raw["id"].is_unique
    assert len(raw) == BUILT[task].rows
    assert {"id", "label"} <= set(raw.columns)


@every_task
def test_validate_says_what_holds_and_what_will_be_dropped(project: Model) -> None:
    report = artifacts.read_json(FILES.validation)
    split = artifacts.read_json(FILES.split_report)
    assert report["summary"]["rows"] == split["rows"]
    assert report["summary"]["dropped"] == split["dropped"]["any_kind"]
    page = (FILES.data_docs / "index.html").read_text(encoding="utf-8")
    assert "<html" in page
    assert 'src="http' not in page, "the page stands alone"


@every_task
def test_splits_are_disjoint_and_hold_every_label(project: Model) -> None:
    raw = pd.read_parquet(FILES.raw)
    parts = {name: pd.read_parquet(FILES.split(name)) for name in SPLITS}
    ids = [row for part in parts.values() for row in part["id"]]
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(raw["id"])
    assert set(parts["train"]["label"]) == set(project.labels)
    report = artifacts.read_json(FILES.split_report)
    assert report["leaks"] == {"exact": 0, "near": 0}
    assert report["kept"] == len(ids)
    assert {name: part["rows"] for name, part in report["splits"].items()} == {
        name: len(part) for name, part in parts.items()
    }


@every_task
def test_train_leaves_weights_and_a_curve_and_pickles_nothing(project: Model) -> None:
    names = {path.name for path in FILES.checkpoint.iterdir()}
    assert "model.safetensors" in names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl", ".pth"))]
    curve = pd.read_csv(FILES.curve)
    assert {"step", "epoch", "loss", "learning_rate", "validation_macro_f1"} <= set(curve.columns)
    assert curve["step"].is_monotonic_increasing
    assert not FILES.resume.exists(), "a finished training leaves no state to go on from"


@every_task
def test_the_bundle_opens_and_answers_in_probabilities(project: Model) -> None:
    bundle = Bundle.open(FILES.bundle, threads=1)
    assert bundle.task == project.task
    assert bundle.labels == project.labels
    assert bundle.fingerprints["weights"] == artifacts.sha256(FILES.checkpoint)
    test = pd.read_parquet(FILES.split("test"))
    evaluates = protocol.evaluates(project.task)
    found = evaluates.score(bundle, test)
    assert found.dtype == np.float64
    assert found.shape == (len(test), len(project.labels))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-9)
    assert evaluates.show(test.iloc[0])
    for name, part in evaluates.slices(test, project).items():
        assert len(part) == len(test), name
        assert part.notna().all(), name


@every_task
def test_the_baseline_answers_in_the_same_shape_and_the_same_each_time(project: Model) -> None:
    test = pd.read_parquet(FILES.split("test"))
    baseline = protocol.evaluates(project.task).baseline
    first, second = (baseline(FILES.split("train"), test, project.labels, 13) for _ in range(2))
    assert first.shape == (len(test), len(project.labels))
    np.testing.assert_allclose(first.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_array_equal(first, second)


@every_task
def test_reports_hold_what_the_command_and_the_gate_read(project: Model) -> None:
    metrics = artifacts.read_json(FILES.metrics)
    assert {"model", "baseline", "intervals", "difference", "rows", "precision"} <= set(metrics)
    for figures in (metrics["model"], metrics["baseline"]):
        assert 0 <= figures["accuracy"] <= 1
        assert 0 <= figures["macro_f1"] <= 1
    parity = artifacts.read_json(FILES.parity)
    wanted = {"precision", "reason", "macro_f1_fp32", "macro_f1_int8", "megabytes_fp32"}
    assert wanted <= set(parity)
    predictions = pd.read_parquet(FILES.predictions)
    test = pd.read_parquet(FILES.split("test"))
    assert predictions["id"].tolist() == test["id"].tolist()
    accuracy = (predictions["predicted_label"] == predictions["label"]).mean()
    assert accuracy == pytest.approx(metrics["model"]["accuracy"], abs=1e-6)
    page = FILES.report.read_text(encoding="utf-8")
    shown = set(re.findall(r"\(pictures/([^)]+)\)", page))
    assert shown == {path.name for path in FILES.pictures.iterdir()}
    classes = pd.read_csv(FILES.tables / "classes.csv")
    assert classes["label"].tolist() == list(project.labels)


@every_task
def test_what_a_task_adds_to_the_report_is_written(project: Model) -> None:
    bundle = Bundle.open(FILES.bundle, threads=1)
    test = pd.read_parquet(FILES.split("test"))
    evaluates = protocol.evaluates(project.task)
    model = outcome(test["label"].tolist(), evaluates.score(bundle, test), bundle.labels)
    sections = list(evaluates.closer(bundle, test, model, project))
    page = FILES.report.read_text(encoding="utf-8")
    for part in sections:
        assert f"## {part.title}\n\n{part.words}" in page
    drawn = {part.name for part in sections if part.draw}
    assert drawn <= {path.stem for path in FILES.pictures.glob("*.png")}
    tables = {part.name: part.table for part in sections if part.table is not None}
    assert {"classes", *tables} == {path.stem for path in FILES.tables.iterdir()}
    for name, table in tables.items():
        written = pd.read_csv(FILES.tables / f"{name}.csv")
        pd.testing.assert_frame_equal(written, table, check_dtype=False, rtol=1e-4, atol=1e-6)


@every_task
def test_its_kind_of_input_says_how_one_is_given(task: str) -> None:
    assert inputs.KINDS[task].EXAMPLE


@every_task
def test_a_new_model_is_proposed_from_what_a_user_brings(task: str, project: Model) -> None:
    founds, tried = protocol.founds(task), BUILT[task]
    found = founds.propose(tried.data, tried.columns)
    assert found.settings.task == task
    assert set(found.settings.labels) == set(project.labels)
    assert found.rows == tried.rows
    assert all(isinstance(note, str) for note in found.notes)
    assert founds.starting_point(found.settings)
