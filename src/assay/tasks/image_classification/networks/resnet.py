"""ResNet-18 and ResNet-50 of transformers, with a stem for small images.

Reads a pretrained checkpoint's folder where one is named. Writes nothing. He et al., "Deep
residual learning for image recognition", CVPR 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn import functional
from transformers import ResNetConfig, ResNetForImageClassification

from assay.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

SHAPES: dict[str, dict[str, Any]] = {
    "resnet18": {
        "layer_type": "basic",
        "depths": [2, 2, 2, 2],
        "hidden_sizes": [64, 128, 256, 512],
    },
    "resnet50": {
        "layer_type": "bottleneck",
        "depths": [3, 4, 6, 3],
        "hidden_sizes": [256, 512, 1024, 2048],
    },
}
# Up to this size a stem that keeps a quarter of each side would leave too few pixels.
SMALL = 64
# Pixels a side to which smaller images are enlarged for a pretrained stem, which keeps a quarter
# of each side and its stages an eighth of that.
ENLARGED = 96
# The mean and spread of ImageNet's colours, by which published checkpoints are normalised.
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ResNet(nn.Module):
    """transformers' network as a function of one tensor that returns one."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of normalised images (batch, channels, size, size)."""
        return cast("torch.Tensor", self.model(pixel_values=images).logits)


class Pretrained(nn.Module):
    """A pretrained checkpoint as it is, stem included, up to what its head would read."""

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, folder: Path) -> None:
        """Read the checkpoint.

        Raises:
            SettingsError: the folder holds no ResNet.

        """
        super().__init__()
        source = _read(folder)
        self.model = source.resnet
        self.channels: int = source.config.num_channels
        self.register_buffer("mean", _seen(torch.tensor(MEAN).reshape(1, 3, 1, 1), self.channels))
        self.register_buffer(
            "spread", _seen(torch.tensor(SPREAD).reshape(1, 3, 1, 1), self.channels)
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return pooled features (batch, width) of (batch, size, size, channels), 0 to 255."""
        images = _seen(pixels.permute(0, 3, 1, 2).float() / 255, self.channels)
        if images.shape[-1] <= SMALL:
            images = functional.interpolate(
                images, (ENLARGED, ENLARGED), mode="bilinear", align_corners=False
            )
        pooled = self.model((images - self.mean) / self.spread).pooler_output
        return cast("torch.Tensor", pooled.flatten(1))


def build(name: str, channels: int, classes: int, size: int, width: float) -> ResNet:
    """Return the network with fresh weights."""
    shape = dict(SHAPES[name])
    shape["hidden_sizes"] = [max(8, round(w * width / 8) * 8) for w in shape["hidden_sizes"]]
    shape["embedding_size"] = max(8, round(64 * width / 8) * 8)
    config = ResNetConfig(num_channels=channels, **shape)
    config.num_labels = classes
    model: Any = ResNetForImageClassification(config)
    if size <= SMALL:
        embedder = model.resnet.embedder
        fresh = nn.Conv2d(channels, config.embedding_size, 3, padding=1, bias=False)
        embedder.embedder.convolution = fresh
        nn.init.kaiming_normal_(fresh.weight, mode="fan_out", nonlinearity="relu")
        embedder.pooler = nn.Identity()
    return ResNet(model)


def adopt(network: ResNet, folder: Path) -> list[str]:
    """Take over a pretrained checkpoint's weights; return the names of those that stay fresh.

    Fresh stay the head for other labels and, for small images, the stem.

    Raises:
        SettingsError: the folder holds no ResNet, or one of other widths or depths.

    """
    source = _read(folder)
    given, own = source.state_dict(), network.model.state_dict()
    alike = {k: v for k, v in given.items() if k in own and v.shape == own[k].shape}
    fresh = sorted(set(own) - set(alike))
    missing = [name for name in fresh if not name.startswith(("classifier.", "resnet.embedder."))]
    if missing:
        raise _unlike(folder, f"{missing[0]} is missing or of another shape")
    network.model.load_state_dict(own | alike)
    return fresh


def _seen(images: torch.Tensor, channels: int) -> torch.Tensor:
    """Return (batch, ``channels``, height, width): grey as colour, or colour as grey."""
    if images.shape[1] == channels:
        return images
    return images.mean(1, keepdim=True).expand(-1, channels, -1, -1)


def _read(folder: Path) -> Any:
    if not folder.is_dir():
        # transformers would take the name for one of the hub's.
        raise _unlike(folder, "it is no folder")
    try:
        return ResNetForImageClassification.from_pretrained(folder, use_safetensors=True)
    except (OSError, ValueError) as problem:
        raise _unlike(folder, str(problem)) from problem


def _unlike(folder: Path, why: str) -> SettingsError:
    return SettingsError(
        f"train.checkpoint names {folder}, which is not this ResNet: {why}",
        expected="a folder with config.json and model.safetensors of the same ResNet, as "
        "transformers saves it",
        cure="name the folder of a checkpoint of train.network, or null to start afresh",
    )
