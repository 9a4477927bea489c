from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import ResNetForImageClassification

from tests.tasks.image_classification.networks.made import built, pretrained

if TYPE_CHECKING:
    from pathlib import Path


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
