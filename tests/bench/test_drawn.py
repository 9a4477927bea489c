from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import pytest
import torch

from assay.errors import SettingsError
from assay.paths import ModelPaths
from assay.tasks.image_classification import network
from assay.tasks.image_classification.settings import ImageTrain
from assay.tasks.image_generation.settings import ImageGenerationModel
from bench import drawn
from tests import blocks, made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

WIDTH = 0.25


def _classifier(
    channels: Literal[1, 3] = 1, side: int = 28
) -> tuple[network.Classifier, ImageTrain]:
    torch.manual_seed(2)
    settings = ImageTrain(network="speednet", channels=channels, size=side, width=WIDTH)
    pixels = torch.randint(0, 256, (64, side, side, channels), dtype=torch.uint8)
    return network.build(settings, 3, pixels).eval(), settings


def test_features_are_what_the_head_makes_logits_of() -> None:
    classifier, _ = _classifier()
    images = np.random.default_rng(0).integers(0, 256, (7, 28, 28, 1), dtype=np.uint8)
    found = drawn.features(classifier, images)
    with torch.inference_mode():
        logits = classifier(torch.from_numpy(images))
    head = cast("torch.nn.Linear", classifier.network.head)
    again = torch.from_numpy(found).float() @ head.weight.T / found.shape[1]
    torch.testing.assert_close(again, logits)


def test_a_classifier_of_other_images_is_refused() -> None:
    classifier, _ = _classifier(channels=3)
    with pytest.raises(SettingsError, match="3 channels, and these have 1"):
        drawn.features(classifier, np.zeros((2, 28, 28, 1), dtype=np.uint8))


def test_train_images_are_nearer_than_noise(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, shape = _classifier(side=12)
    network.save(classifier, shape, ["a", "b", "c"], tmp_path / "classifier")
    monkeypatch.chdir(made.built_image_generator(checkpoint))
    settings = ImageGenerationModel.model_validate(blocks.image_generator_settings())
    found = drawn.distances(settings, ModelPaths(made.MODEL), tmp_path / "classifier")
    assert list(found)[:2] == [drawn.TRAIN, drawn.MODEL]
    assert all(math.isfinite(far) and far >= 0 for far in found.values())
    assert found[drawn.TRAIN] < found["histograms of pixels"]
