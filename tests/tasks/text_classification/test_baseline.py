from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file, save_file

from assay.paths import ModelPaths
from assay.tasks.registry import load_model
from assay.tasks.text_classification import baseline, frozen
from assay.tasks.text_classification.settings import TextClassificationModel as Model
from tests import made

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

    from assay.objectives.classification.baselines import Baseline

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
ENGLISH = ["a good film", "a bad film", "good good fun", "bad, bad :(", "so good!", "not bad"] * 5
ANSWERS = ["good", "bad", "good", "bad", "good", "bad"] * 5
CHINESE = ["很好吃的菜", "太难吃了", "味道好极了", "服务太差了"] * 5


def fit(
    asked: list[str],
    labels: list[str],
    train: list[str] = ENGLISH,
    names: list[str] = ANSWERS,
    validation: Sequence[str] = (),
) -> Baseline:
    table = pd.DataFrame({"text": train, "label": names})
    return baseline.tf_idf(table, validation, asked, labels, 1)


def test_it_learns_and_gives_probabilities_in_label_order() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit(["good", "bad"], ["good", "bad"]).test
        turned = fit(["good", "bad"], ["bad", "good"]).test
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_array_equal(turned, found[:, ::-1])


def test_validation_rows_get_the_answers_that_they_would_get_as_test_rows() -> None:
    found = fit(["good"], ["good", "bad"], validation=["bad", "a film", "so good"])
    assert found.name == baseline.TF_IDF
    as_test = fit(["bad", "a film", "so good", "good"], ["good", "bad"]).test
    np.testing.assert_array_equal(np.concatenate([found.validation, found.test]), as_test)


def test_equal_input_gives_equal_bits() -> None:
    first, second = (fit(ENGLISH, ["bad", "good"]).test for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_class_that_train_lacks_gets_no_probability() -> None:
    found = fit(["good"], ["bad", "odd", "good"]).test
    assert found[0, 1] == 0
    assert found.sum() == pytest.approx(1)


def test_a_single_class_is_always_the_answer() -> None:
    assert fit(["c"], ["w", "x"], ["a", "b"], ["x", "x"]).test.tolist() == [[0.0, 1.0]]


def test_a_text_without_a_known_word_gets_an_answer() -> None:
    np.testing.assert_allclose(fit(["", "zzz"], ["bad", "good"]).test.sum(axis=1), 1)


def test_chinese_is_read_by_characters() -> None:
    found = fit(["好吃极了", "太差了吧"], ["-", "+"], CHINESE, ["+", "-", "+", "-"] * 5).test
    assert found.argmax(axis=1).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("texts", "unspaced"),
    [
        (ENGLISH, False),
        (CHINESE, True),
        (["これはペンです"], True),
        (["ราคาดีมาก"], True),
        (["좋은 영화입니다"], False),
        (["это хорошо"], False),
        (["great 好"], False),
        ([":) !!"], False),
    ],
)
def test_script_decides_between_words_and_characters(texts: list[str], unspaced: bool) -> None:
    assert baseline.is_unspaced(texts) == unspaced
    assert baseline.vectorizer(texts, 2).analyzer == ("char" if unspaced else "word")


@pytest.fixture
def built(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Go into a copy of a built project; return its model's settings."""
    shutil.copytree(made.built(checkpoint), tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    found = load_model(made.MODEL)
    assert isinstance(found, Model)
    return found


def _probe() -> frozen.FrozenProbe:
    found = frozen.read(FILES.checkpoint / frozen.FILE)
    assert found is not None
    return found


def _set_head(weight: torch.Tensor) -> None:
    weights = load_file(FILES.checkpoint / "model.safetensors") | {"classifier.weight": weight}
    save_file(weights, FILES.checkpoint / "model.safetensors", metadata={"format": "pt"})


def test_the_frozen_encoder_answers_for_both_splits(built: Model) -> None:
    _set_head(_probe().weight + 1)
    validation, test = (pd.read_parquet(FILES.split(name)) for name in ("validation", "test"))
    found = baseline.frozen_encoder(built, FILES, test["text"].tolist())
    assert found is not None
    for probabilities, rows in ((found.validation, validation), (found.test, test)):
        assert probabilities.shape == (len(rows), len(built.labels))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    again = baseline.frozen_encoder(built, FILES, validation["text"].tolist())
    assert again is not None
    # The training computed them in its own arithmetic, which may be bf16.
    np.testing.assert_allclose(again.test, found.validation, atol=0.05)


def test_a_model_that_is_the_probe_is_not_its_own_baseline(built: Model) -> None:
    _set_head(_probe().weight)
    assert baseline.frozen_encoder(built, FILES, ["a text"]) is None
