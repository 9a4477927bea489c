from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from assay.errors import SettingsError
from assay.files import remove
from assay.modalities.text.encoding import TOKENIZER
from assay.paths import ModelPaths
from assay.tasks.text_classification import TEXT_CLASSIFICATION, frozen, network, train
from assay.tasks.text_classification.settings import TextClassificationModel
from assay.tasks.text_classification.splits import Splits
from tests import made, trainings
from tests.conftest import settings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
# 240 rows in batches of 16: 15 steps an epoch, a state each 5, a row of the curve each 10.


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    for name, rows, seed in (("train", 240, 1), ("validation", 45, 2)):
        made.texts(rows, seed).to_parquet(FILES.split(name))
    return tmp_path


def _model(checkpoint: Path, **changes: Any) -> TextClassificationModel:
    return TextClassificationModel.model_validate(
        settings(checkpoint, **{"train__learning_rate": 1e-2, **changes})
    )


def _train(model: TextClassificationModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    return trainings.train(TEXT_CLASSIFICATION, model, FILES, name, kill_at)


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
    said = capsys.readouterr().err
    assert "training resumes at step 25 of an interrupted run" in said
    assert "linear probe on the frozen encoder" not in said, "fitted before"


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
    assert validated["epoch"].tolist() == [0, 1, 2, 3, 4, 5], "the probe is where it starts"
    best = validated["validation_macro_f1"].max()
    assert best > 0.45  # a third by chance
    source = FILES.checkpoint.with_name("mine")
    kept = network.trained(source, model.labels, "mean")
    tokenizer = (source / TOKENIZER).read_text()
    validate = train.setup(model, Splits.of(model, FILES, tokenizer)).validate
    assert validate(kept)["validation_macro_f1"] == pytest.approx(best, abs=0.03)  # fp32, not bf16
    losses = curve["loss"].dropna()
    assert losses.iloc[-1] < losses.iloc[0]


def test_balanced_classes_count_alike(project: Path, checkpoint: Path) -> None:
    table = made.texts(240, seed=1)
    kept = table["label"].ne("neutral") | (table.index < 24)
    table[kept].to_parquet(FILES.split("train"))
    plain = _train(_model(checkpoint, train__epochs=1), "plain")
    remove(FILES.resume)
    model = _model(checkpoint, train__epochs=1, train__class_weights="balanced")
    assert _train(model, "balanced") != plain
    weights = train._class_weights(model, np.array([0, 0, 0, 1, 2, 2]))
    assert weights is not None
    torch.testing.assert_close(weights, torch.tensor([2 / 3, 2.0, 1.0]))


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


def _encoder(folder: Path) -> dict[str, torch.Tensor]:
    """Return a checkpoint's encoder by the names of its parts."""
    weights = load_file(folder / "model.safetensors")
    return {
        name.removeprefix("bert."): value
        for name, value in weights.items()
        if not name.startswith(("classifier", "pooler"))
    }


def _probe(folder: Path) -> frozen.FrozenProbe:
    found = frozen.read(folder / frozen.FILE)
    assert found is not None
    return found


def test_a_probe_alone_leaves_the_encoder_as_it_was(project: Path, checkpoint: Path) -> None:
    _train(_model(checkpoint, train__mode="probe"), "mine")
    folder = FILES.checkpoint.with_name("mine")
    pretrained, kept = _encoder(checkpoint), _encoder(folder)
    for name, value in kept.items():
        assert torch.equal(value, pretrained[name]), name
    head = load_file(folder / "model.safetensors")["classifier.weight"]
    assert torch.equal(head, _probe(folder).weight)
    curve = pd.read_csv(FILES.curve.with_name("mine.csv"))
    assert curve["epoch"].tolist() == [0]
    assert curve["loss"].isna().all()


def test_fine_tuning_is_kept_only_where_validation_gains(project: Path, checkpoint: Path) -> None:
    """A rate that ruins every weight: the probe that it started from stays."""
    _train(_model(checkpoint, train__learning_rate=0.9, train__epochs=1), "auto")
    scores = pd.read_csv(FILES.curve.with_name("auto.csv"))["validation_macro_f1"].dropna()
    assert scores.iloc[1] < scores.iloc[0]
    _train(_model(checkpoint, train__mode="probe"), "probe")
    kept, probe = (
        load_file(FILES.checkpoint.with_name(name) / "model.safetensors")
        for name in ("auto", "probe")
    )
    assert all(torch.equal(kept[name], probe[name]) for name in probe)


def test_fine_tuning_from_a_fresh_head_has_its_probe_beside_it(
    project: Path, checkpoint: Path
) -> None:
    _train(_model(checkpoint, train__mode="finetune"), "mine")
    curve = pd.read_csv(FILES.curve.with_name("mine.csv")).dropna(subset=["validation_macro_f1"])
    assert curve["epoch"].tolist() == [1, 2]
    assert _probe(FILES.checkpoint.with_name("mine")).weight.shape[0] == len(made.LABELS)


@pytest.mark.parametrize("frozen", [False, True])
def test_embeddings_are_frozen_where_settings_say_so(
    project: Path, checkpoint: Path, frozen: bool
) -> None:
    model = _model(checkpoint, train__freeze_embeddings=frozen, train__mode="finetune")
    _train(model, "mine")
    pretrained, kept = _encoder(checkpoint), _encoder(FILES.checkpoint.with_name("mine"))
    name = "embeddings.word_embeddings.weight"
    assert torch.equal(kept[name], pretrained[name]) is frozen
    name = "encoder.layer.0.output.dense.weight"
    assert not torch.equal(kept[name], pretrained[name])


def test_the_state_of_the_token_cls_may_be_what_the_head_reads(
    project: Path, checkpoint: Path
) -> None:
    _train(_model(checkpoint, train__pooling="cls", train__epochs=1), "mine")
    weights = load_file(FILES.checkpoint.with_name("mine") / "model.safetensors")
    assert "bert.pooler.dense.weight" in weights
