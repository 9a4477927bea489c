from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import ResNetForImageClassification

from assay.errors import SettingsError
from assay.tasks.image_classification.networks.resnet import Pretrained
from tests.tasks.image_classification.networks.made import built, pixels, pretrained

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


@pytest.mark.parametrize(("size", "side"), [(32, 4), (64, 8), (96, 3)])
def test_small_images_reach_the_resnets_with_little_taken_away(size: int, side: int) -> None:
    model, _ = built("resnet18", size=size)
    resnet: Any = model.network
    images = torch.zeros(1, 3, size, size)
    assert resnet.model.resnet(images).last_hidden_state.shape[2:] == (side, side)


def test_a_resnet_starts_from_a_checkpoint_but_for_head_and_stem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pretrained(tmp_path / "given")
    model, _ = built("resnet18", checkpoint=str(folder))
    given = ResNetForImageClassification.from_pretrained(folder).state_dict()
    network_: Any = model.network
    own = network_.model.state_dict()
    afresh = [key for key in own if own[key].shape != given[key].shape]
    stem = "resnet.embedder.embedder.convolution.weight"
    assert sorted(afresh) == ["classifier.1.bias", "classifier.1.weight", stem]
    assert all(torch.equal(own[key], given[key]) for key in own if key not in afresh)
    shown = capsys.readouterr().err
    assert "classifier.1.weight" in shown
    assert stem in shown


@pytest.mark.parametrize(("own", "given"), [(3, 3), (3, 1), (1, 3)])
@pytest.mark.parametrize("size", [20, 96])
def test_pretrained_features_are_the_checkpoints_own(
    tmp_path: Path, own: int, given: int, size: int
) -> None:
    folder = pretrained(tmp_path / "given", num_channels=own)
    images = pixels(4, size, given)
    network = Pretrained(folder).eval()
    with torch.inference_mode():
        found = network(images)
    assert found.shape == (4, 64)
    assert found.isfinite().all()
    if (own, given, size) == (3, 3, 96):
        source: Any = ResNetForImageClassification.from_pretrained(folder)
        mean, spread = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        seen = ((images.float() / 255 - mean) / spread).permute(0, 3, 1, 2)
        with torch.inference_mode():
            logits, expected = source(pixel_values=seen).logits, source.classifier[1](found)
        torch.testing.assert_close(expected, logits)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not this ResNet"):
        Pretrained(tmp_path)
