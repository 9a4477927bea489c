from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

from assay.errors import SettingsError
from assay.paths import ModelPaths
from assay.tasks.image_classification import baseline
from assay.tasks.image_classification.settings import ImageClassificationModel
from tests import made
from tests.tasks.image_classification.made import LABELS, png, shades
from tests.tasks.image_classification.networks.made import pretrained

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assay.objectives.classification.baselines import Baseline

FILES = ModelPaths(made.MODEL)
ROWS = {"train": 400, "validation": 60, "test": 100}


def settings(**train: Any) -> ImageClassificationModel:
    return ImageClassificationModel.model_validate(
        {
            "data": "image",
            "task": "classification",
            "labels": list(LABELS),
            "train": {"size": 12, "channels": 1, **train},
            "evaluate": {"threads": 1},
        }
    )


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    for seed, (name, rows) in enumerate(ROWS.items()):
        shades(rows, seed=seed).to_parquet(FILES.split(name), index=False)
    return tmp_path


def right(found: Baseline) -> float:
    """Return the share of right answers to both splits, the lower one."""
    shares = []
    for name, answers in (("validation", found.validation), ("test", found.test)):
        truth = pd.read_parquet(FILES.split(name))["label"]
        assert answers.shape == (len(truth), len(LABELS))
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-12)
        shares.append(float((np.array(LABELS)[answers.argmax(axis=1)] == truth).mean()))
    return min(shares)


@pytest.mark.parametrize(
    ("fit", "name"),
    [
        (baseline.thumbnails, baseline.THUMBNAILS),
        (baseline.components, baseline.COMPONENTS),
    ],
)
def test_each_learns_shades_in_the_labels_order(fit: Callable[..., Baseline], name: str) -> None:
    found = fit(settings(), FILES, LABELS)
    assert found.name == name
    assert right(found) > 0.8  # every tenth is mislabelled
    turned = fit(settings(), FILES, LABELS[::-1])
    np.testing.assert_array_equal(found.test, turned.test[:, ::-1])
    np.testing.assert_array_equal(found.validation, turned.validation[:, ::-1])


def test_without_a_checkpoint_there_are_two_and_equal_input_gives_equal_bits() -> None:
    first, second = (baseline.fitted(settings(), FILES, LABELS) for _ in range(2))
    assert [one.name for one in first] == [baseline.THUMBNAILS, baseline.COMPONENTS]
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.test, two.test)


@pytest.mark.parametrize("channels", [1, 3])
def test_components_are_of_what_the_network_sees_and_large_images_are_shrunk(channels: int) -> None:
    assert right(baseline.components(settings(size=40, channels=channels), FILES, LABELS)) > 0.8
    pixels = torch.full((2, 40, 40, channels), 255, dtype=torch.uint8)
    found = baseline._flat(pixels)
    assert found.shape == (2, baseline.LARGEST_SIDE**2 * channels)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, 0.5)
    assert baseline._flat(pixels[:, :12, :12]).shape == (2, 12 * 12 * channels)


def test_components_of_a_part_of_the_train_split_are_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(baseline, "FITTED_ROWS", 60)
    assert right(baseline.components(settings(), FILES, LABELS)) > 0.8


def test_images_that_are_all_alike_get_an_answer() -> None:
    same = png(np.full((12, 12), 90, np.uint8))
    table = shades(ROWS["train"]).assign(image=[same] * ROWS["train"])
    table.to_parquet(FILES.split("train"), index=False)
    found = baseline.components(settings(), FILES, LABELS)
    assert np.isfinite(found.test).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_pretrained_checkpoint_adds_its_frozen_features(
    project: Path, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pretrained(project / "given")
    chosen = settings(network="resnet18", checkpoint=str(folder), channels=channels)
    threads = torch.get_num_threads()
    monkeypatch.setattr(baseline, "FROZEN_ROWS", 150)
    found = baseline.fitted(chosen, FILES, LABELS)
    assert [one.name for one in found][2:] == [baseline.FROZEN]
    assert right(found[2]) > 0.75
    assert torch.get_num_threads() == threads
    again = baseline.frozen(chosen, FILES, LABELS)
    np.testing.assert_array_equal(found[2].test, again.test)


def test_a_checkpoint_that_is_gone_is_refused(project: Path) -> None:
    chosen = settings(network="resnet18", checkpoint=str(project / "gone"))
    with pytest.raises(SettingsError, match="it is no folder"):
        baseline.frozen(chosen, FILES, LABELS)
