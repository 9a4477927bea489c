from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from assay.errors import SettingsError
from assay.files import sha256
from assay.tasks.image_classification import network
from tests.tasks.image_classification.networks.made import NETWORKS, built, pretrained, settings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

every_network = pytest.mark.parametrize("name", NETWORKS)


@every_network
@pytest.mark.parametrize("channels", [1, 3])
def test_logits_of_every_network_learn_from_every_trained_weight(name: str, channels: int) -> None:
    model, pixels = built(name, channels=channels)
    found = model(pixels[:6])
    assert found.shape == (6, 7)
    found.square().sum().backward()
    for key, weight in model.named_parameters():
        assert weight.requires_grad == (weight.grad is not None), key


@every_network
def test_the_first_step_normalises_by_the_images_own_mean_and_spread(name: str) -> None:
    model, pixels = built(name)
    normalised = model.normalised(pixels)
    torch.testing.assert_close(normalised.mean((0, 2, 3)), torch.zeros(3), atol=1e-3, rtol=0)
    torch.testing.assert_close(normalised.std((0, 2, 3)), torch.ones(3), atol=1e-2, rtol=0)


@every_network
def test_a_saved_network_comes_back_and_equal_weights_are_equal_bytes(
    name: str, tmp_path: Path
) -> None:
    model, pixels = built(name)
    model(pixels)  # batch statistics move
    for folder in ("one", "two"):
        network.save(model, settings(name), list("abcdefg"), tmp_path / folder)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    again = network.load(tmp_path / "one")
    assert not again.training
    assert torch.equal(again(pixels), model.eval()(pixels))


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SettingsError, match="is no checkpoint of an image network"):
        network.load(tmp_path)


@pytest.mark.parametrize("wrong", ["depth", "nothing", "missing", "network"])
def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path, wrong: str) -> None:
    folder, name = tmp_path / "given", "resnet18"
    if wrong == "depth":
        pretrained(folder, hidden_sizes=[16, 32, 64, 128], embedding_size=16)
    elif wrong == "nothing":
        folder.mkdir()
    elif wrong == "network":
        name = "speednet"
        pretrained(folder)
    with pytest.raises(SettingsError, match=r"train\.checkpoint"):
        built(name, checkpoint=str(folder))
