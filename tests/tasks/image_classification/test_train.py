from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from assay import artifacts
from assay.artifacts import Artifacts
from assay.bundle import Bundle
from assay.settings.image import ImageModel
from assay.tasks.image_classification import export, network, pixels, train
from tests import made

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES = Artifacts(made.MODEL)
# 200 rows in batches of 20: 10 steps an epoch, a state each 5, a point of the journal each 10.
ROWS, PARTS = 260, {"train": slice(0, 200), "validation": slice(200, 260)}


class Journal:
    """Keeps nothing; ends the training at a step, as a killed process would."""

    def __init__(self, kill_at: int = -1) -> None:
        self._kill_at = kill_at

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take the figures of one step."""
        if step == self._kill_at:
            raise KeyboardInterrupt


def _scans() -> pd.DataFrame:
    scans, numbers = load_digits(n_class=5, return_X_y=True)
    contents = []
    for scan in scans[:ROWS]:
        kept = io.BytesIO()
        Image.fromarray((scan.reshape(8, 8) * 15).astype(np.uint8)).resize((18, 20)).save(
            kept, "PNG"
        )
        contents.append(kept.getvalue())
    return pd.DataFrame(
        {"image": contents, "label": [f"digit {number}" for number in numbers[:ROWS]]}
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    for name, rows in PARTS.items():
        _scans().iloc[rows].reset_index(drop=True).to_parquet(FILES.split(name))
    return tmp_path


def _model(**changes: Any) -> ImageModel:
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
    return ImageModel.model_validate(made.image_settings(**small | changes))


def _train(model: ImageModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    target, curve = FILES.checkpoint.with_name(name), FILES.curve.with_name(f"{name}.csv")
    train.train(model, FILES, target, curve, Journal(kill_at))  # type: ignore[arg-type]
    return artifacts.sha256(target), artifacts.sha256(curve)


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"ema": True, "precision": "bf16"},
        {"optimiser": "sgd", "learning_rate": 0.05, "flip": "alternating", "cutout": 4},
        {"network": "resnet18", "width": 0.125, "optimiser": "adamw", "learning_rate": 0.01},
    ],
)
def test_two_trainings_are_equal_and_a_killed_one_ends_in_the_same_bytes(
    project: Path, capsys: pytest.CaptureFixture[str], recipe: dict[str, Any]
) -> None:
    model = _model(**recipe)
    first = _train(model, "one")
    artifacts.forget(FILES.resume)
    assert _train(model, "two") == first
    artifacts.forget(FILES.resume)
    with pytest.raises(KeyboardInterrupt):
        _train(model, "killed", kill_at=10)
    capsys.readouterr()
    assert _train(model, "resumed") == first
    assert "goes on at step 5 of an earlier" in capsys.readouterr().err
    artifacts.forget(FILES.resume)
    other = model.model_copy(update={"train": model.train.model_copy(update={"seed": 14})})
    assert _train(other, "other") != first


@pytest.mark.parametrize("change", ["settings", "rows"])
def test_a_state_of_other_settings_or_data_is_not_taken_up(
    project: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        _train(_model(), "killed", kill_at=10)
    if change == "rows":
        _scans().iloc[10:200].to_parquet(FILES.split("train"))
    _train(_model(crop=2) if change == "settings" else _model(), "other")
    assert "goes on at step" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recipe", "least"),
    [
        ({}, 0.9),
        ({"ema": True}, 0.9),
        ({"optimiser": "adamw", "learning_rate": 0.005}, 0.9),
        ({"network": "lenet", "optimiser": "sgd", "learning_rate": 0.1, "momentum": 0.9}, 0.6),
    ],
)
def test_it_learns(project: Path, recipe: dict[str, Any], least: float) -> None:
    _train(_model(flip="none", epochs=6, **recipe), "mine")
    curve = pd.read_csv(FILES.curve.with_name("mine.csv"))
    judged = curve.dropna(subset=["validation_macro_f1"])
    assert judged["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert judged["validation_macro_f1"].max() > least
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
    train.train(model, FILES, FILES.checkpoint, FILES.curve, Journal())  # type: ignore[arg-type]
    assert pd.read_csv(FILES.curve)["step"].max() == 300
    report, _ = export.export(model, FILES, FILES.bundle)
    assert report["grid_max_abs_diff"] < 1e-4
    judged = pd.read_parquet(FILES.split("validation"))
    served = Bundle.open(FILES.bundle, threads=1)
    found = served.probabilities(judged["image"].tolist()).argmax(axis=1)
    right = np.array(model.labels)[found] == judged["label"].to_numpy()
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


def test_pixels_are_kept_and_made_again_when_the_split_or_the_size_changes(project: Path) -> None:
    settings = _model().train
    first = pixels.of_split(FILES, "train", settings)
    assert first.dtype == torch.uint8
    assert first.shape == (200, 16, 16, 1)
    (kept,) = (pixels.FOLDER / FILES.model).iterdir()
    stamp = kept.stat().st_mtime_ns
    assert torch.equal(pixels.of_split(FILES, "train", settings), first)
    assert kept.stat().st_mtime_ns == stamp
    first[0] = 0
    again = pixels.of_split(FILES, "train", settings)
    assert int(again[0].max()) > 0, "what is changed in memory stays there"
    larger = pixels.of_split(FILES, "train", settings.model_copy(update={"size": 24}))
    assert larger.shape == (200, 24, 24, 1)
    assert not kept.exists()


def test_pixels_are_the_rows_in_their_order_resized_with_antialiasing(project: Path) -> None:
    found = pixels.of_split(FILES, "validation", _model().train)
    table = pd.read_parquet(FILES.split("validation"))
    for row in (0, 17, 59):
        image = Image.open(io.BytesIO(table["image"][row]))
        expected = np.asarray(image.resize((16, 16), Image.Resampling.BILINEAR), dtype=int)
        assert np.abs(found[row, :, :, 0].numpy().astype(int) - expected).max() <= 1
