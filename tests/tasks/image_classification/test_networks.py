from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from transformers import ResNetConfig, ResNetForImageClassification

from assay import artifacts
from assay.errors import SettingsError
from assay.learning import seeding
from assay.settings.image import ImageTrain
from assay.tasks.image_classification import network
from assay.tasks.image_classification.networks import folding, speednet
from assay.tasks.image_classification.served import WEIGHTS, Served

if TYPE_CHECKING:
    from pathlib import Path

NETWORKS = ("lenet", "speednet", "resnet18", "resnet50")
every_network = pytest.mark.parametrize("name", NETWORKS)


def _pixels(rows: int, size: int, channels: int) -> torch.Tensor:
    """Return smooth images, as photographs are: noise enlarged."""
    noise = np.random.default_rng(1).uniform(0, 255, (rows, channels, 5, 5)).astype(np.float32)
    large = torch.nn.functional.interpolate(torch.from_numpy(noise), (size, size), mode="bilinear")
    return large.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _settings(name: str, **changes: Any) -> ImageTrain:
    width = 1.0 if name in ("lenet", "speednet") else 0.125
    return ImageTrain.model_validate(
        {"network": name, "size": 20, "channels": 3, "width": width} | changes
    )


def _built(name: str, **changes: Any) -> tuple[network.Classifier, torch.Tensor]:
    seeding.make_deterministic(0, 1)
    settings = _settings(name, **changes)
    pixels = _pixels(40, settings.size, settings.channels)
    return network.build(settings, 7, pixels), pixels


@every_network
@pytest.mark.parametrize("channels", [1, 3])
def test_logits_of_every_network_learn_from_every_trained_weight(name: str, channels: int) -> None:
    model, pixels = _built(name, channels=channels)
    found = model(pixels[:6])
    assert found.shape == (6, 7)
    found.square().sum().backward()
    for key, weight in model.named_parameters():
        assert weight.requires_grad == (weight.grad is not None), key


@every_network
def test_the_first_step_normalises_by_the_images_own_mean_and_spread(name: str) -> None:
    model, pixels = _built(name)
    normalised = model.normalised(pixels)
    torch.testing.assert_close(normalised.mean((0, 2, 3)), torch.zeros(3), atol=1e-3, rtol=0)
    torch.testing.assert_close(normalised.std((0, 2, 3)), torch.ones(3), atol=1e-2, rtol=0)


@every_network
def test_a_saved_network_comes_back_and_equal_weights_are_equal_bytes(
    name: str, tmp_path: Path
) -> None:
    model, pixels = _built(name)
    model(pixels)  # batch statistics move
    for folder in ("one", "two"):
        network.save(model, _settings(name), list("abcdefg"), tmp_path / folder)
    assert artifacts.sha256(tmp_path / "one") == artifacts.sha256(tmp_path / "two")
    again = network.load(tmp_path / "one")
    assert not again.training
    assert torch.equal(again(pixels), model.eval()(pixels))


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SettingsError, match="is no checkpoint of an image network"):
        network.load(tmp_path)


@every_network
def test_folded_batch_norms_change_no_answer_and_are_gone(name: str) -> None:
    model, pixels = _built(name)
    for start in range(0, 40, 10):
        model(pixels[start : start + 10])
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "normalization" in key and key.endswith("bias"):
                weight.normal_()
    model.eval()
    folded = folding.fold(model)
    torch.testing.assert_close(folded(pixels), model(pixels), atol=1e-4, rtol=1e-4)
    assert not [m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert bool(norms) == (name != "lenet"), "what was given is not touched"


def test_a_norm_behind_a_pool_that_turns_signs_is_not_folded() -> None:
    unit = speednet.Unit(4, 4, pool=True).eval()
    with torch.no_grad():
        unit.normalization.weight[1] = -1
    assert isinstance(folding.fold(unit).normalization, torch.nn.BatchNorm2d)


def test_whitened_patches_have_no_correlation_and_variance_one() -> None:
    model, _ = _built("speednet", size=32)
    # Pixels that hang on their neighbours, with enough of each direction.
    random = np.random.default_rng(0).normal(size=(400, 3, 32, 32)).astype(np.float32)
    images = torch.nn.functional.avg_pool2d(torch.from_numpy(random), 3, 1, 1)
    images = (images - images.mean()) / images.std()
    net = model.network
    assert isinstance(net, speednet.Speednet)
    net.whiten(images)
    found = net.whitening(images)[:, :12].transpose(0, 1).reshape(12, -1)
    torch.testing.assert_close(torch.cov(found), torch.eye(12), atol=0.05, rtol=0)
    negatives = net.whitening(images)[:, 12:].transpose(0, 1).reshape(12, -1)
    assert torch.equal(negatives, -found)
    assert not net.whitening.weight.requires_grad


@pytest.mark.parametrize(("width", "channels"), [(0.01, 16), (0.5, 32), (1.0, 64), (1.3, 80)])
def test_widths_are_multiples_of_what_the_kernels_take(width: float, channels: int) -> None:
    assert speednet.widened(64, width) == channels


def test_lenet_is_the_tutorials() -> None:
    model, _ = _built("lenet", size=32)
    shapes = [tuple(weight.shape) for weight in model.parameters() if weight.ndim > 1]
    assert shapes == [(6, 3, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (7, 84)]


def test_lenet_refuses_images_that_its_convolutions_use_up() -> None:
    with pytest.raises(SettingsError, match=r"train\.size is 12"):
        _built("lenet", size=12)


@pytest.mark.parametrize(("size", "side"), [(32, 4), (64, 8), (96, 3)])
def test_small_images_reach_the_resnets_with_little_taken_away(size: int, side: int) -> None:
    model, _ = _built("resnet18", size=size)
    resnet: Any = model.network
    images = torch.zeros(1, 3, size, size)
    assert resnet.model.resnet(images).last_hidden_state.shape[2:] == (side, side)


def _pretrained(folder: Path, **changes: Any) -> Path:
    shape: dict[str, Any] = {
        "layer_type": "basic",
        "depths": [2, 2, 2, 2],
        "hidden_sizes": [8, 16, 32, 64],
        "embedding_size": 8,
    }
    config = ResNetConfig(**shape | changes)
    config.num_labels = 11
    torch.manual_seed(7)
    ResNetForImageClassification(config).save_pretrained(folder)
    return folder


def test_a_resnet_starts_from_a_checkpoint_but_for_head_and_stem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _pretrained(tmp_path / "given")
    model, _ = _built("resnet18", checkpoint=str(folder))
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


@pytest.mark.parametrize("wrong", ["depth", "nothing", "missing", "network"])
def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path, wrong: str) -> None:
    folder, name = tmp_path / "given", "resnet18"
    if wrong == "depth":
        _pretrained(folder, hidden_sizes=[16, 32, 64, 128], embedding_size=16)
    elif wrong == "nothing":
        folder.mkdir()
    elif wrong == "network":
        name = "speednet"
        _pretrained(folder)
    with pytest.raises(SettingsError, match=r"train\.checkpoint"):
        _built(name, checkpoint=str(folder))


@pytest.mark.parametrize("views", list(WEIGHTS))
def test_the_views_of_an_image_are_averaged(views: Any) -> None:
    model, pixels = _built("speednet")
    model.eval()
    size = 20
    found = Served(model, size, views)(pixels[:3])
    wide = torch.nn.functional.pad(model.normalised(pixels[:3]), (1, 1, 1, 1), mode="reflect")
    shown = {
        "none": [(1, 1.0)],
        "flip": [(1, 1.0)],
        "flip+shift": [(1, 0.5), (0, 0.25), (2, 0.25)],
    }[views]
    expected = torch.zeros(3, 7)
    for start, weight in shown:
        view = wide[:, :, start : start + size, start : start + size]
        one = model.network(view)
        if views != "none":
            one = (one + model.network(view.flip(3))) / 2
        expected += weight * one
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert sum(WEIGHTS[views]) == 1


def test_a_mirrored_image_gets_the_same_answer() -> None:
    model, pixels = _built("speednet")
    served = Served(model.eval(), 20, "flip")
    torch.testing.assert_close(served(pixels), served(pixels.flip(2)), atol=1e-5, rtol=1e-5)
