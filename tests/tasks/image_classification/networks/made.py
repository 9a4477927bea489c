"""Networks of random weights and what they are asked about, for the tests of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import ResNetConfig, ResNetForImageClassification

from assay.learning import seeding
from assay.tasks.image_classification import network
from assay.tasks.image_classification.settings import ImageTrain

if TYPE_CHECKING:
    from pathlib import Path

NETWORKS = ("lenet", "speednet", "resnet18", "resnet50")


def pixels(rows: int, size: int, channels: int) -> torch.Tensor:
    """Return smooth images, as photographs are: noise enlarged."""
    noise = np.random.default_rng(1).uniform(0, 255, (rows, channels, 5, 5)).astype(np.float32)
    large = torch.nn.functional.interpolate(torch.from_numpy(noise), (size, size), mode="bilinear")
    return large.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def settings(name: str, **changes: Any) -> ImageTrain:
    width = 1.0 if name in ("lenet", "speednet") else 0.125
    return ImageTrain.model_validate(
        {"network": name, "size": 20, "channels": 3, "width": width} | changes
    )


def built(name: str, **changes: Any) -> tuple[network.Classifier, torch.Tensor]:
    """Return a network of seven classes and the 40 images that it was built on."""
    seeding.make_deterministic(0, 1)
    chosen = settings(name, **changes)
    images = pixels(40, chosen.size, chosen.channels)
    return network.build(chosen, 7, images), images


def pretrained(folder: Path, **changes: Any) -> Path:
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
