"""A model that learns from another one: nearer to it, in equal bytes, and never from what it is
measured on."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
from ruamel.yaml import YAML

from assay.errors import AssayError, DataRefused, InputRefused, SettingsError, UnknownModel
from assay.files import remove
from assay.modalities.text.encoding import TOKENIZER, TextEncoder
from assay.paths import ModelPaths
from assay.tasks import registry
from assay.tasks.text_classification import TEXT_CLASSIFICATION, inference, networks, teacher
from assay.tasks.text_classification.settings import TextClassificationModel
from tests import blocks, made, trainings
from tests.conftest import settings

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.processor

COMPUTED = "logits of large on the training texts"
SMALL, LARGE = ModelPaths(made.MODEL), ModelPaths("large")


def _write(small: dict[str, Any], large: dict[str, Any]) -> None:
    with Path("params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"models": {SMALL.model: small, LARGE.model: large}}, stream)


def _large() -> dict[str, Any]:
    return blocks.scratch_settings("bow", epochs=6)


def _unsure() -> pd.DataFrame:
    """Return the train split with soft labels, of which the student's own split knows nothing."""
    table = made.texts(240, seed=1)
    for place, label in enumerate(made.LABELS):
        shares = np.roll([0.6, 0.3, 0.1], place)
        table[f"target_{label}"] = [shares[made.LABELS.index(own)] for own in table["label"]]
    return table


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the splits of both models, and the larger one trained."""
    folder = tmp_path_factory.mktemp("taught")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        _write(blocks.scratch_settings("bow"), _large())
        for files in (SMALL, LARGE):
            files.splits.mkdir(parents=True)
            for name, rows, seed in (("train", 240, 1), ("validation", 45, 2)):
                made.texts(rows, seed).to_parquet(files.split(name))
        _unsure().to_parquet(LARGE.split("train"))
        trainings.train(TEXT_CLASSIFICATION, registry.load_model("large"), LARGE, "checkpoint")
    return folder


@pytest.fixture(autouse=True)
def project(taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go into a copy of that folder."""
    folder = shutil.copytree(taught, tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


def _logits(model: TextClassificationModel) -> torch.Tensor:
    assert model.train.teacher is not None
    return teacher.logits(model.train.teacher, model, SMALL)


def _require(model: TextClassificationModel) -> None:
    TEXT_CLASSIFICATION.require_teachers(model)


def _digest() -> str:
    """Return the digest that a refusal tells a user to write."""
    with pytest.raises(SettingsError) as refused:
        _require(_student({"model": "large"}))
    found = re.search(r"write `digest: ([0-9a-f]{64})`", refused.value.cure)
    assert found
    return found[1]


def _student(
    chosen: dict[str, Any] | None = None, block: dict[str, Any] | None = None
) -> TextClassificationModel:
    """Return the settings of the small model, as they are read from params.yaml."""
    block = block or blocks.scratch_settings("bow", seed=14)
    block["train"]["teacher"] = chosen
    _write(block, _large())
    found = registry.load_model(SMALL.model)
    assert isinstance(found, TextClassificationModel)
    return found


def _train(model: TextClassificationModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    remove(SMALL.checkpoint.with_name(name))
    return trainings.train(TEXT_CLASSIFICATION, model, SMALL, name, kill_at)


def _probabilities(folder: Path, model: TextClassificationModel) -> torch.Tensor:
    texts = pd.read_parquet(SMALL.split("validation"))["text"].tolist()
    encode = TextEncoder(folder / TOKENIZER, model.train.max_length, model.train.tail)
    return inference.logits(networks.trained(folder, model), encode(texts)).log_softmax(1)


def _distance(name: str, model: TextClassificationModel) -> float:
    """Return KL(teacher || student) on the validation split."""
    large = registry.load_model("large")
    assert isinstance(large, TextClassificationModel)
    asked = _probabilities(LARGE.checkpoint, large)
    answered = _probabilities(SMALL.checkpoint.with_name(name), model)
    return float((asked.exp() * (asked - answered)).sum(1).mean())


@pytest.mark.parametrize("network", ["bert", "lstm", "bow"])
def test_a_student_is_nearer_to_its_teacher_than_without(network: str, checkpoint: Path) -> None:
    def block() -> dict[str, Any]:
        if network == "bert":
            return settings(checkpoint, train__learning_rate=1e-2, train__mode="finetune")
        return blocks.scratch_settings(network, epochs=3)

    alone = _student(None, block())
    _train(alone, "alone")
    learned = _student({"model": "large", "digest": _digest(), "weight": 0.9}, block())
    _train(learned, "learned")
    assert _distance("learned", learned) < 0.5 * _distance("alone", alone)


@pytest.mark.parametrize(("weight", "trainings_differ"), [(0.5, True), (1.0, False)])
def test_class_weights_go_with_a_teacher_and_count_for_labels_alone(
    weight: float, trainings_differ: bool
) -> None:
    more = made.texts(90, seed=5)
    rows = pd.concat([_unsure(), more[more["label"].eq("negative")]], ignore_index=True)
    rows.to_parquet(SMALL.split("train"))
    chosen = {"model": "large", "digest": _digest(), "weight": weight}
    digests = set()
    for weights in ("none", "balanced"):
        block = blocks.scratch_settings("bow", epochs=1, class_weights=weights)
        digests.add(_train(_student(chosen, block), weights))
        remove(SMALL.resume)
    assert (len(digests) == 2) is trainings_differ


def test_a_killed_training_resumes_and_ends_in_the_same_bytes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen = {"model": "large", "digest": _digest()}
    model = _student(chosen, blocks.scratch_settings("bow", epochs=2))
    whole = _train(model, "whole")
    remove(SMALL.resume)
    with pytest.raises(KeyboardInterrupt):
        _train(model, "killed", kill_at=20)
    capsys.readouterr()
    assert _train(model, "resumed") == whole
    said = capsys.readouterr().err
    assert "training resumes at step 15 of an interrupted run" in said
    assert COMPUTED not in said, "asked before"
    remove(SMALL.resume)
    _train(model, "again")
    assert COMPUTED in capsys.readouterr().err


def test_logits_that_were_torn_or_of_another_training_are_computed_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = _student({"model": "large", "digest": _digest()}, blocks.scratch_settings("bow"))
    with pytest.raises(KeyboardInterrupt):
        _train(model, "killed", kill_at=10)
    (kept,) = SMALL.resume.glob("teacher_logits*")
    for damage in (b"", b"torn"):
        kept.write_bytes(damage)
        capsys.readouterr()
        with pytest.raises(KeyboardInterrupt):
            _train(model, "killed", kill_at=20)
        assert COMPUTED in capsys.readouterr().err
    other = _student({"model": "large", "digest": _digest(), "weight": 0.7}, _large())
    with pytest.raises(KeyboardInterrupt):
        _train(other, "killed", kill_at=10)
    assert COMPUTED in capsys.readouterr().err


def test_a_state_of_another_teacher_is_not_resumed() -> None:
    chosen = {"model": "large", "digest": _digest()}
    digests = {
        TEXT_CLASSIFICATION.training_digest(_student(one), SMALL)
        for one in (None, chosen, {**chosen, "digest": "0" * 64}, {**chosen, "weight": 0.6})
    }
    assert len(digests) == 4


def test_a_teacher_changes_nothing_of_where_the_student_starts() -> None:
    """Its weight being nearly none, the student is the one of a training without it."""
    block = blocks.scratch_settings("lstm", epochs=1, dropout=0.5)
    _train(_student(None, block), "alone")
    chosen = {"model": "large", "digest": _digest(), "weight": 1e-9, "temperature": 1.0}
    model = _student(chosen, block)
    _train(model, "taught")
    alone, learned = (
        networks.trained(SMALL.checkpoint.with_name(name), model).state_dict()
        for name in ("alone", "taught")
    )
    for name, value in alone.items():
        torch.testing.assert_close(learned[name], value, atol=1e-4, rtol=1e-3)


def test_the_logits_are_those_of_the_train_split_in_its_order() -> None:
    shuffled = pd.read_parquet(SMALL.split("train")).sample(frac=1, random_state=0)
    shuffled.to_parquet(SMALL.split("train"))
    found = _logits(_student({"model": "large", "digest": _digest()}))
    large = registry.load_model("large")
    assert isinstance(large, TextClassificationModel)
    encode = TextEncoder(LARGE.checkpoint / TOKENIZER, large.train.max_length)
    network = networks.trained(LARGE.checkpoint, large)
    for row in (0, 100, 239):
        one = inference.logits(network, encode([shuffled["text"].iloc[row]]))
        torch.testing.assert_close(found[row : row + 1], one, atol=1e-5, rtol=1e-4)


def test_no_split_but_train_is_read() -> None:
    for files in (SMALL, LARGE):
        files.split("validation").unlink()
    model = _student({"model": "large", "digest": _digest()})
    assert _logits(model).shape == (240, 3)


def _weights() -> None:
    path = LARGE.checkpoint / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")


def _rows() -> None:
    pd.read_parquet(LARGE.split("train")).head(200).to_parquet(LARGE.split("train"))


@pytest.mark.parametrize("change", [_weights, _rows])
def test_a_teacher_of_another_digest_is_refused(change: Callable[[], None]) -> None:
    before = _digest()
    change()
    after = _digest()
    assert after != before
    with pytest.raises(SettingsError) as refused:
        _train(_student({"model": "large", "digest": before}), "mine")
    assert f"train.teacher.digest is {before}, and that of large is {after}" in refused.value.found
    assert f"write `digest: {after}`" in refused.value.cure
    assert not SMALL.checkpoint.with_name("mine").exists()


def test_a_teacher_that_would_read_texts_otherwise_is_another_one() -> None:
    before = _digest()
    model = _student({"model": "large", "digest": before})
    _require(model)
    large = _large()
    large["train"]["epochs"] = 7  # of no weight for what it answers
    _write(blocks.scratch_settings("bow"), large)
    _require(model)
    large["train"]["max_length"] = 32
    _write(blocks.scratch_settings("bow"), large)
    with pytest.raises(SettingsError, match=f"digest is {before}"):
        _require(model)


def test_other_labels_are_refused() -> None:
    block = blocks.scratch_settings("bow")
    block["labels"] = ["neutral", "negative", "positive"]
    with pytest.raises(SettingsError) as refused:
        _require(_student({"model": "large"}, block))
    assert refused.value.found.endswith("whose labels are negative, neutral, positive")
    assert refused.value.expected.endswith("neutral, negative, positive")


@pytest.mark.parametrize("gone", [LARGE.checkpoint, LARGE.splits])
def test_a_teacher_that_was_not_built_is_refused(gone: Path) -> None:
    model = _student({"model": "large", "digest": _digest()})
    remove(gone)
    with pytest.raises(InputRefused, match=f"there is no {gone}") as refused:
        _train(model, "mine")
    assert refused.value.cure == "assay run large"


def test_a_model_of_another_kind_is_no_teacher() -> None:
    block = blocks.scratch_settings("bow")
    block["train"]["teacher"] = {"model": "large"}
    _write(block, blocks.image_settings())
    found = registry.load_model(SMALL.model)
    assert isinstance(found, TextClassificationModel)
    with pytest.raises(SettingsError, match=r"`models\.large\.data` is 'image'"):
        _require(found)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_teacher_that_saw_what_the_student_is_measured_on_is_refused(split: str) -> None:
    """The test split is not even there: what is not in the train split is refused."""
    held_out = made.texts(45, seed=2 if split == "validation" else 3)
    held_out["text"] = held_out["text"].str.upper()
    pd.concat([made.texts(240, seed=1), held_out.head(5)]).to_parquet(LARGE.split("train"))
    model = _student({"model": "large", "digest": _digest()})
    with pytest.raises(DataRefused) as refused:
        _train(model, "mine")
    assert refused.value.found == (
        f"large learned from 5 texts that are not in the train split of {SMALL.model}"
    )
    assert "the same `split` block" in refused.value.cure


def test_a_teacher_may_know_less_and_write_its_rows_otherwise() -> None:
    rows = made.texts(240, seed=1).head(200)
    rows["text"] = rows["text"].str.title() + " "
    rows.to_parquet(LARGE.split("train"))
    model = _student({"model": "large", "digest": _digest()})
    assert _logits(model).shape == (240, 3)


def test_a_refusal_is_one_of_ours_where_params_yaml_has_changed() -> None:
    model = _student({"model": "large"})
    with Path("params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"models": {SMALL.model: blocks.scratch_settings("bow")}}, stream)
    with pytest.raises(UnknownModel) as refused:
        _require(model)
    assert isinstance(refused.value, AssayError)
