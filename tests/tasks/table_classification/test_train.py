from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.files import remove
from assay.paths import ModelPaths
from assay.tasks.table_classification import TABLE_CLASSIFICATION, network, train
from tests import made, trainings
from tests.tasks.table_classification.made import (
    CATEGORIES,
    NUMBERS,
    THREE,
    people,
    settings,
    typed,
)

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.table_classification.settings import TableClassificationModel

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
# 160 rows in batches of 16: 10 steps an epoch, a state each 5, a row of the curve each 10.
ROWS = {"train": 160, "validation": 60}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    _write(settings(labels=THREE), THREE)
    return tmp_path


def _write(model: TableClassificationModel, labels: tuple[str, ...], seed: int = 0) -> None:
    for number, (name, rows) in enumerate(ROWS.items()):
        typed(people(rows, labels, seed + number), model).to_parquet(FILES.split(name))


def _train(model: TableClassificationModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    return trainings.train(TABLE_CLASSIFICATION, model, FILES, name, kill_at)


def test_two_trainings_are_equal_byte_for_byte(project: Path) -> None:
    model = settings(labels=THREE)
    first = _train(model, "one")
    remove(FILES.resume)
    assert _train(model, "two") == first
    remove(FILES.resume)
    assert _train(settings(labels=THREE, train={"seed": 14}), "three") != first


def test_a_killed_training_resumes_and_ends_in_the_same_bytes(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = settings(labels=THREE)
    whole = _train(model, "whole")
    remove(FILES.resume)
    with pytest.raises(KeyboardInterrupt):
        _train(model, "killed", kill_at=20)
    assert not FILES.checkpoint.with_name("killed").exists()
    capsys.readouterr()
    assert _train(model, "resumed") == whole
    assert "training resumes at step" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["settings", "rows", "order of columns", "kind of column"])
def test_a_state_of_other_settings_or_data_is_not_resumed(
    project: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        _train(settings(labels=THREE), "killed", kill_at=20)
    model = settings(labels=THREE)
    if change == "settings":
        model = settings(labels=THREE, train={"dropout": 0.3})
    elif change == "rows":
        _write(model, THREE, seed=5)
    elif change == "order of columns":
        model = settings(NUMBERS[::-1], CATEGORIES, THREE)
    else:
        model = settings(NUMBERS, CATEGORIES[:2], THREE)
    _train(model, "other")
    assert "resumes at step" not in capsys.readouterr().err


def test_it_learns_and_keeps_the_epoch_of_least_loss(project: Path) -> None:
    chosen: dict[str, Any] = {"epochs": 30, "learning_rate": 1e-2, "patience": 3}
    model = settings(labels=THREE, train=chosen)
    _train(model, "mine")
    curve = pd.read_csv(FILES.curve.with_name("mine.csv")).dropna(subset="validation_loss")
    assert curve["validation_accuracy"].max() > 0.6, "a third by chance"
    kept = network.load(FILES.checkpoint.with_name("mine"))
    rows = train.Rows(pd.read_parquet(FILES.split("validation")), kept.shape)
    found = train.scores(kept, rows)
    assert found["validation_loss"] == pytest.approx(curve["validation_loss"].min(), abs=0.03)


@pytest.mark.parametrize(
    ("numbers", "categories"), [(NUMBERS, ()), ((), CATEGORIES), ((), CATEGORIES[:1])]
)
def test_one_kind_of_columns_is_enough(
    project: Path, numbers: tuple[str, ...], categories: tuple[str, ...]
) -> None:
    model = settings(numbers, categories, THREE, train={"epochs": 1})
    _train(model, "mine")
    kept = network.load(FILES.checkpoint.with_name("mine"))
    assert (tuple(kept.shape.numbers), tuple(kept.shape.vocabularies)) == (numbers, categories)


def test_preprocessing_is_fitted_on_the_train_split_alone(project: Path) -> None:
    model = settings(labels=THREE, train={"epochs": 1})
    validation = pd.read_parquet(FILES.split("validation"))
    validation.assign(age=1e6, work="elsewhere").to_parquet(FILES.split("validation"))
    _train(model, "mine")
    kept = network.load(FILES.checkpoint.with_name("mine"))
    ages = pd.read_parquet(FILES.split("train"))["age"]
    assert float(kept.numbers.medians[0]) == ages.median()
    assert kept.shape.vocabularies["work"] == ["", "Private", "Self-emp", "State gov"]


def test_the_test_split_is_never_read(project: Path) -> None:
    assert not FILES.split("test").exists()
    _train(settings(labels=THREE, train={"epochs": 1}), "mine")
