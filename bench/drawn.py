"""How far generated images are from real ones: ``python -m bench.drawn MODEL CHECKPOINT``.

Reads, in an image generator's project, its bundle and splits, and the checkpoint of a classifier
of the same images. Writes Frechet distances as JSON to standard output, and nothing else but the
pixels below ``.assay/``. The features are what the classifier's last layer reads. A Gaussian on
principal components has the moments of pixels by construction; of these it has not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from assay.bundle.image_generator import ImageGenerator
from assay.errors import SettingsError
from assay.objectives.generation.frechet import frechet_distance
from assay.paths import ModelPaths
from assay.tasks import registry
from assay.tasks.image_classification import network
from assay.tasks.image_generation import baseline, pixels
from assay.tasks.image_generation.scored import spread
from assay.tasks.image_generation.settings import ImageGenerationModel
from bench import project

if TYPE_CHECKING:
    from assay.tasks.image_classification.network import Classifier

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]

TRAIN, MODEL = "train images", "the model"
# Images that the classifier sees at once.
CHUNK = 500


def main(model: str, checkpoint: str) -> None:
    """Print the distance of each set of images from test images, by the set's name."""
    settings = registry.load_model(model)
    if not isinstance(settings, ImageGenerationModel):
        raise project.other_task(model, settings, "image-generation")
    print(json.dumps(distances(settings, ModelPaths(model), Path(checkpoint))))


def distances(
    settings: ImageGenerationModel, files: ModelPaths, checkpoint: Path
) -> dict[str, float]:
    """Return them: of train images, the model's, and those of each simple model.

    Raises:
        BundleRefused: the generator's bundle cannot be opened.
        SettingsError: the checkpoint is no image classifier's, or one of other images.

    """
    chosen = settings.evaluate
    drawer = ImageGenerator.open(files.bundle, threads=chosen.threads)
    classifier = network.load(checkpoint)
    train, test = (pixels.of_split(files, name, settings.train) for name in ("train", "test"))
    count = min(chosen.samples, len(train), len(test))
    sets = {
        TRAIN: train[spread(len(train), count)],
        MODEL: drawer.sample(count, chosen.seed),
        **{
            one.name: one.sample(count, chosen.seed)
            for one in baseline.fitted(train, drawer, chosen)
        },
    }
    real = features(classifier, test[spread(len(test), count)])
    return {name: frechet_distance(features(classifier, own), real) for name, own in sets.items()}


def features(classifier: Classifier, images: Pixels) -> Floats:
    """Return what the classifier's last layer reads of uint8 images, shape (images, width).

    Raises:
        SettingsError: the classifier was made for other images.

    """
    if (channels := classifier.mean.numel()) != images.shape[-1]:
        raise SettingsError(
            f"the classifier takes images of {channels} channels, and these have "
            f"{images.shape[-1]}",
            expected="a classifier with train.size and train.channels of the generator",
        )
    *_, head = (layer for layer in classifier.modules() if isinstance(layer, nn.Linear))
    found: list[torch.Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0]))
    with torch.inference_mode():
        for start in range(0, len(images), CHUNK):
            classifier(torch.from_numpy(np.array(images[start : start + CHUNK])))
    hook.remove()
    return torch.cat(found).double().numpy()


if __name__ == "__main__":
    main(*sys.argv[1:])
