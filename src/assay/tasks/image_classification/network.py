"""A network that takes pixels as they are: the normalisation is its first step.

Reads a checkpoint folder (``config.json``, ``model.safetensors``); writes one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from assay.errors import SettingsError
from assay.learning import weights as stored
from assay.learning.weights import CONFIG, WEIGHTS
from assay.progress import say
from assay.tasks.image_classification.networks import lenet, speednet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.tasks.image_classification.settings import ImageTrain

# What decides a network's shape, of the settings.
SHAPE = ("network", "size", "channels", "width")
# Images whose mean and spread normalise all others, and whose patches whiten.
SAMPLE = 5000


class Classifier(nn.Module):
    """Pixels, normalised by the train split's mean and spread, through a network."""

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, network: nn.Module, channels: int) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("spread", torch.ones(channels))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of (batch, size, size, channels), 0 to 255."""
        return cast("torch.Tensor", self.network(self.normalised(pixels)))

    def normalised(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return (batch, channels, size, size), float32, channels last in memory."""
        scaled = (pixels.float() / 255 - self.mean) / self.spread
        return scaled.permute(0, 3, 1, 2)


def build(settings: ImageTrain, classes: int, pixels: torch.Tensor) -> Classifier:
    """Return a network ready to learn; its first step knows the images' mean and spread.

    ``pixels``: the train split, uint8 (rows, size, size, channels).

    Raises:
        SettingsError: a checkpoint that does not fit, or an image size too small for the network.

    """
    model = Classifier(_shaped(settings.model_dump(), classes), settings.channels)
    sample = pixels[:: max(1, len(pixels) // SAMPLE)][:SAMPLE].float() / 255
    model.mean.copy_(sample.mean((0, 1, 2)))
    model.spread.copy_(sample.std((0, 1, 2)).clamp(min=1 / 255))
    if isinstance(model.network, speednet.Speednet):
        model.network.whiten(model.normalised(sample * 255))
    if settings.checkpoint:
        _adopt(model.network, settings.checkpoint)
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def load(folder: Path) -> Classifier:
    """Return the network of a checkpoint that :func:`save` wrote, in evaluation.

    Raises:
        SettingsError: the folder is no checkpoint of this task.

    """
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        weights = load_file(folder / WEIGHTS)
        model = Classifier(_shaped(config, len(config["labels"])), config["channels"])
        model.load_state_dict(weights)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as problem:
        raise SettingsError(
            f"{folder} is no checkpoint of an image network: {problem}",
            expected=f"{CONFIG} and {WEIGHTS}, as the train stage writes them",
            cure="train the model again (assay run MODEL)",
        ) from problem
    return model.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload, no-any-return]


def save(model: Classifier, settings: ImageTrain, labels: Sequence[str], target: Path) -> None:
    """Write weights and shape; equal weights, equal bytes."""
    shape = {name: value for name, value in settings.model_dump().items() if name in SHAPE}
    stored.write(target, model, shape | {"labels": list(labels)})


def _shaped(shape: dict[str, Any], classes: int) -> nn.Module:
    """Return the network that a shape (settings, or a checkpoint's config) names."""
    name, size, channels = shape["network"], shape["size"], shape["channels"]
    if name == "speednet":
        return speednet.Speednet(channels, classes, shape["width"])
    if name == "lenet":
        _require_size(name, size, lenet.SMALLEST)
        return lenet.LeNet(channels, classes, size)
    # transformers takes seconds to import: for those who asked for it.
    from assay.tasks.image_classification.networks import resnet

    return resnet.build(name, channels, classes, size, shape["width"])


def _require_size(name: str, size: int, smallest: int) -> None:
    if size < smallest:
        raise SettingsError(
            f"train.size is {size}, which leaves nothing after {name}'s convolutions",
            expected=f"at least {smallest}",
            cure="raise train.size in params.yaml, or choose another train.network",
        )


def _adopt(network: nn.Module, checkpoint: str) -> None:
    folder = Path(checkpoint)
    if not folder.is_dir():
        raise SettingsError(
            f"train.checkpoint names the folder {checkpoint!r}, which is not there",
            expected="a folder with config.json and model.safetensors, or null",
            cure="correct the path in params.yaml (relative paths start at the project's root)",
        )
    from assay.tasks.image_classification.networks import resnet

    if not isinstance(network, resnet.ResNet):
        raise SettingsError(
            "train.checkpoint is set, but only the ResNets start from a checkpoint",
            expected="train.network resnet18 or resnet50, or train.checkpoint null",
            cure="change one of the two in params.yaml",
        )
    fresh = resnet.adopt(network, folder)
    say(f"train: from {checkpoint}; learned afresh: {', '.join(fresh) or 'nothing'}")
