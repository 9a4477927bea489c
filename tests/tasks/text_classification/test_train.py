from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.errors import SettingsError
from assay.files import remove, sha256
from assay.learning.run import TrainingRun
from assay.paths import ModelPaths
from assay.tasks.text_classification import TEXT_CLASSIFICATION, network, train
from assay.tasks.text_classification.settings import TextClassificationModel
from tests import made
from tests.conftest import settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES = ModelPaths(made.MODEL)
# 240 rows in batches of 16: 15 steps an epoch, a state each 5, a row of the curve each 10.


class Logger:
    """Keeps nothing; ends the training at a step, as a killed process would."""

    def __init__(self, kill_at: int = -1) -> None:
        self._kill_at = kill_at

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take the metrics of one step."""
        if step == self._kill_at:
            raise KeyboardInterrupt


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    for name, rows, seed in (("train", 240, 1), ("validation", 45, 2)):
        made.texts(rows, seed).to_parquet(FILES.split(name))
    return tmp_path


def _model(checkpoint: Path, **changes: Any) -> TextClassificationModel:
    return TextClassificationModel.model_validate(
        settings(checkpoint, train__learning_rate=1e-2, **changes)
    )


def _train(model: TextClassificationModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    target, curve = FILES.checkpoint.with_name(name), FILES.curve.with_name(f"{name}.csv")
    run = TrainingRun(
        checkpoint=target,
        curve=curve,
        state=FILES.resume,
        digest=TEXT_CLASSIFICATION.training_digest(model, FILES),
        logger=Logger(kill_at),
    )
    train.train(model, FILES, run)
    return sha256(target), sha256(curve)


def test_two_trainings_are_equal_byte_for_byte(project: Path, checkpoint: Path) -> None:
    model = _model(checkpoint)
    first = _train(model, "one")
    remove(FILES.resume)
    assert _train(model, "two") == first
    remove(FILES.resume)
    assert _train(_model(checkpoint, train__seed=14), "three") != first


def test_a_killed_training_resumes_and_ends_in_the_same_bytes(
    project: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = _model(checkpoint)
    whole = _train(model, "whole")
    remove(FILES.resume)
    for step in (20, 30):
        with pytest.raises(KeyboardInterrupt):
            _train(model, "killed", kill_at=step)
    assert not FILES.checkpoint.with_name("killed").exists()
    capsys.readouterr()
    assert _train(model, "resumed") == whole
    assert "training resumes at step 25 of an interrupted run" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["settings", "rows", "labels"])
def test_a_state_of_other_settings_or_data_is_not_resumed(
    project: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        _train(_model(checkpoint), "killed", kill_at=20)
    model = _model(checkpoint)
    if change == "settings":
        model = _model(checkpoint, train__weight_decay=0.02)
    elif change == "labels":
        model = _model(checkpoint, labels=["neutral", "negative", "positive"])
    else:
        made.texts(240, seed=3).to_parquet(FILES.split("train"))
    _train(model, "other")
    assert "resumes at step" not in capsys.readouterr().err


def test_it_learns_and_keeps_its_best_epoch(project: Path, checkpoint: Path) -> None:
    model = _model(checkpoint, train__epochs=5, train__patience=5)
    _train(model, "mine")
    curve = pd.read_csv(FILES.curve.with_name("mine.csv"))
    validated = curve.dropna(subset=["validation_macro_f1"])
    assert validated["epoch"].tolist() == [1, 2, 3, 4, 5]
    best = validated["validation_macro_f1"].max()
    assert best > 0.45  # a third by chance
    source = FILES.checkpoint.with_name("mine")
    kept = network.load(source, model.labels, 0.0).eval()
    validate = train.setup(model, FILES, source).validate
    assert validate(kept)["validation_macro_f1"] == pytest.approx(best, abs=0.03)  # fp32, not bf16
    losses = curve["loss"].dropna()
    assert losses.iloc[-1] < losses.iloc[0]


def test_texts_that_are_cut_are_counted(
    project: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = made.texts(240, seed=1)
    table["text"] = table["text"].where(table.index != 7, "x " * 500_000)
    table.to_parquet(FILES.split("train"))
    _train(_model(checkpoint, train__epochs=1), "mine")
    assert "train: 1 texts are longer than 64 tokens and were cut" in capsys.readouterr().err


def test_a_length_beyond_the_checkpoints_positions_is_refused(
    project: Path, checkpoint: Path
) -> None:
    with pytest.raises(SettingsError, match=r"train\.max_length is 168"):
        _train(_model(checkpoint, train__max_length=168), "mine")


def test_the_test_split_is_never_read(project: Path, checkpoint: Path) -> None:
    assert not FILES.split("test").exists()
    _train(_model(checkpoint, train__epochs=1), "mine")
