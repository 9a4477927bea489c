from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from assay.files import remove
from assay.paths import ModelPaths
from assay.tasks.bundles import open_classifier
from assay.tasks.image_classification import IMAGE_CLASSIFICATION, export, network, train
from assay.tasks.image_classification.settings import ImageClassificationModel
from tests import blocks, made, trainings
from tests.tasks.image_classification.made import labelled_scans

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
# 200 rows in batches of 20: 10 steps an epoch, a state each 5, a row of the curve each 10.
ROWS, PARTS = 260, {"train": slice(0, 200), "validation": slice(200, 260)}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    for name, rows in PARTS.items():
        labelled_scans(ROWS).iloc[rows].reset_index(drop=True).to_parquet(FILES.split(name))
    return tmp_path


def _model(**changes: Any) -> ImageClassificationModel:
    small = {
        "network": "speednet",
        "size": 16,
        "width": 0.25,
        "optimiser": "muon",
        "learning_rate": 0.1,
        "momentum": 0.6,
        "batch_size": 20,
        "crop": 1,
        "flip": "random",
        "epochs": 2,
        "patience": 9,
    }
    return ImageClassificationModel.model_validate(blocks.image_settings(**small | changes))


def _train(model: ImageClassificationModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    return trainings.train(IMAGE_CLASSIFICATION, model, FILES, name, kill_at)


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"lookahead": True, "precision": "bf16"},
        {"optimiser": "sgd", "learning_rate": 0.05, "flip": "alternating", "cutout": 4},
        {"network": "resnet18", "width": 0.125, "optimiser": "adamw", "learning_rate": 0.01},
    ],
)
def test_two_trainings_are_equal_and_a_killed_one_ends_in_the_same_bytes(
    project: Path, capsys: pytest.CaptureFixture[str], recipe: dict[str, Any]
) -> None:
    model = _model(**recipe)
    first = _train(model, "one")
    remove(FILES.resume)
    assert _train(model, "two") == first
    remove(FILES.resume)
    with pytest.raises(KeyboardInterrupt):
        _train(model, "killed", kill_at=10)
    capsys.readouterr()
    assert _train(model, "resumed") == first
    assert "training resumes at step 5 of an interrupted run" in capsys.readouterr().err
    remove(FILES.resume)
    other = model.model_copy(update={"train": model.train.model_copy(update={"seed": 14})})
    assert _train(other, "other") != first


@pytest.mark.parametrize("change", ["settings", "rows"])
def test_a_state_of_other_settings_or_data_is_not_resumed(
    project: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        _train(_model(), "killed", kill_at=10)
    if change == "rows":
        labelled_scans(ROWS).iloc[10:200].to_parquet(FILES.split("train"))
    _train(_model(crop=2) if change == "settings" else _model(), "other")
    assert "resumes at step" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recipe", "least"),
    [
        ({}, 0.9),
        ({"lookahead": True}, 0.9),
        ({"optimiser": "adamw", "learning_rate": 0.005}, 0.9),
        ({"network": "lenet", "optimiser": "sgd", "learning_rate": 0.1, "momentum": 0.9}, 0.6),
    ],
)
def test_it_learns(project: Path, recipe: dict[str, Any], least: float) -> None:
    _train(_model(flip="none", epochs=6, **recipe), "mine")
    curve = pd.read_csv(FILES.curve.with_name("mine.csv"))
    validated = curve.dropna(subset=["validation_macro_f1"])
    assert validated["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert validated["validation_macro_f1"].max() > least
    losses = curve["loss"].dropna()
    assert losses.iloc[-1] < losses.iloc[0]


def test_a_resnet18_learns_in_three_hundred_steps_and_becomes_a_bundle(project: Path) -> None:
    model = _model(
        network="resnet18",
        width=0.25,
        optimiser="adamw",
        learning_rate=0.003,
        flip="none",
        epochs=30,
        patience=30,
    )
    name = FILES.checkpoint.name
    _train(model, name)
    assert pd.read_csv(FILES.curve.with_name(f"{name}.csv"))["step"].max() == 300
    report, _ = export.export(model, FILES, FILES.bundle)
    assert report.grid_max_abs_diff < 1e-4
    rows = pd.read_parquet(FILES.split("validation"))
    served = open_classifier(FILES.bundle, threads=1)
    found = served.predict(rows["image"].tolist()).probabilities.argmax(axis=1)
    right = np.array(model.labels)[found] == rows["label"].to_numpy()
    assert right.mean() > 0.9


def test_the_checkpoint_is_the_best_epoch(project: Path) -> None:
    model = _model(epochs=4)
    _train(model, "mine")
    curve = pd.read_csv(FILES.curve.with_name("mine.csv"))
    kept = network.load(FILES.checkpoint.with_name("mine"))
    found = train.scores(kept, train.Rows.of(FILES, "validation", model))
    best = curve["validation_macro_f1"].max()
    assert found["validation_macro_f1"] == pytest.approx(best, abs=0.05)  # fp32, not bf16


def test_the_test_split_is_never_read(project: Path) -> None:
    assert not FILES.split("test").exists()
    _train(_model(epochs=1), "mine")
