"""What an image classifier must beat: logistic regression on features that nothing was trained for.

Reads the three splits, and the pretrained checkpoint where ``train.checkpoint`` names one. Writes
the resized pixels of a split below ``.assay/``, as training does, and nothing else. Deterministic:
one thread, and nothing is drawn. Memory holds all features of a split, but of pixels no more than
the principal components are fitted on.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pyarrow import parquet
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from assay.modalities.image.statistics import grey_statistics, shrunk
from assay.objectives.classification.baselines import Baseline, divided
from assay.objectives.classification.logistic import logistic
from assay.progress import Progress, say
from assay.tasks.image_classification import pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assay.paths import ModelPaths
    from assay.tasks.image_classification.settings import ImageClassificationModel

    Features = np.ndarray[Any, np.dtype[np.float32]]

THUMBNAILS = "logistic regression on small grey thumbnails"
COMPONENTS = "PCA of the pixels and logistic regression"
FROZEN = "frozen pretrained features and logistic regression"
# Encoded images at once, and images as the network sees them.
ROWS_AT_ONCE, PIXELS_AT_ONCE = 1024, 128
# Pixels a side, scikit-learn's C, steps: 50,000 images of CIFAR-10 take 15 s on one core.
THUMBNAIL, STRENGTH, STEPS = 16, 1.0, 100
# Principal components, of rows evenly spread over the train split. The decomposition takes time
# with the cube of the pixels: 11 s for 32 x 32 in colour, so larger images are shrunk to that.
MOST_COMPONENTS, FITTED_ROWS, LARGEST_SIDE = 128, 20_000, 32
# C of 0.001 to 10 on 200 to 57,000 images of Fashion-MNIST: this one is best, or near it.
COMPONENT_STRENGTH, COMPONENT_STEPS = 10.0, 200
# Of a pretrained network: train rows, evenly spread, and images at once.
FROZEN_ROWS, FROZEN_BATCH = 10_000, 64


@dataclass(frozen=True)
class Rows:
    """Some rows of a split: their features, float32 (rows, features), and their labels."""

    features: Features
    labels: list[str]


def fitted(
    settings: ImageClassificationModel, files: ModelPaths, labels: Sequence[str]
) -> list[Baseline]:
    """Fit every baseline on the train split, and answer for both other splits.

    Raises:
        SettingsError: ``train.checkpoint`` names no pretrained ResNet.

    """
    found = [thumbnails(settings, files, labels), components(settings, files, labels)]
    if settings.train.checkpoint:
        found.append(frozen(settings, files, labels))
    return found


def thumbnails(
    settings: ImageClassificationModel, files: ModelPaths, labels: Sequence[str]
) -> Baseline:
    """Fit logistic regression on the grey values of small thumbnails."""
    say(f"fitting the baseline: {THUMBNAILS} ...")

    def rows(name: str) -> Rows:
        with parquet.ParquetFile(files.split(name)) as stored:
            parts = [
                grey_statistics(batch["image"].to_pylist(), THUMBNAIL).thumbnails
                for batch in stored.iter_batches(ROWS_AT_ONCE, columns=["image"])
            ]
        return Rows(np.concatenate(parts), _labels(files, name))

    return _fit(THUMBNAILS, rows, labels, settings, STRENGTH, STEPS)


def components(
    settings: ImageClassificationModel, files: ModelPaths, labels: Sequence[str]
) -> Baseline:
    """Fit logistic regression on principal components of the pixels that the network sees.

    The components are scaled by the deviation of the first, which changes no proportion.
    """
    say(f"fitting the baseline: {COMPONENTS} ...")
    images = pixels.of_split(files, "train", settings.train)
    chosen = images[:: -(-len(images) // FITTED_ROWS)]
    sample = np.concatenate(list(map(_flat, torch.split(chosen, PIXELS_AT_ONCE))))
    with threadpool_limits(limits=1):
        count = min(MOST_COMPONENTS, *sample.shape)
        found = PCA(count, svd_solver="covariance_eigh").fit(sample)
        scale = max(float(found.explained_variance_[0]) ** 0.5, 1e-6)

        def rows(name: str) -> Rows:
            split = torch.split(pixels.of_split(files, name, settings.train), PIXELS_AT_ONCE)
            parts = [found.transform(_flat(part)) / scale for part in split]
            return Rows(np.concatenate(parts), _labels(files, name))

        return _fit(COMPONENTS, rows, labels, settings, COMPONENT_STRENGTH, COMPONENT_STEPS)


def frozen(
    settings: ImageClassificationModel, files: ModelPaths, labels: Sequence[str]
) -> Baseline:
    """Fit logistic regression on what the pretrained ResNet gives before its head.

    Raises:
        SettingsError: ``train.checkpoint`` names no pretrained ResNet.

    """
    # transformers takes seconds to import: for those who named a checkpoint.
    from assay.tasks.image_classification.networks.resnet import Pretrained

    network = Pretrained(Path(settings.train.checkpoint or "")).eval()

    def rows(name: str) -> Rows:
        images, names = pixels.of_split(files, name, settings.train), _labels(files, name)
        step = -(-len(images) // FROZEN_ROWS) if name == "train" else 1
        chosen = images[::step]
        parts = []
        with Progress(f"{FROZEN}, {name}", len(chosen)) as bar:
            for part in torch.split(chosen, FROZEN_BATCH):
                parts.append(network(part).numpy())
                bar.advance(len(part))
        return Rows(np.concatenate(parts), names[::step])

    with torch.inference_mode(), _one_thread():
        return _fit(FROZEN, rows, labels, settings, STRENGTH, STEPS)


def _fit(
    name: str,
    rows: Callable[[str], Rows],
    labels: Sequence[str],
    settings: ImageClassificationModel,
    strength: float,
    steps: int,
) -> Baseline:
    train, validation, test = (rows(split) for split in ("train", "validation", "test"))
    # In float64, so that a row's probabilities sum to one as closely as the bundle's.
    asked = np.concatenate([validation.features, test.features]).astype(np.float64)
    found = logistic(
        train.features,
        train.labels,
        asked,
        labels,
        settings.evaluate.seed,
        strength=strength,
        steps=steps,
    )
    return divided(name, found, len(validation.labels))


def _labels(files: ModelPaths, name: str) -> list[str]:
    column = parquet.read_table(files.split(name), columns=["label"])["label"]
    return [str(label) for label in column.to_pylist()]


def _flat(images: torch.Tensor) -> Features:
    """Return float32 (rows, values) from -0.5 to 0.5 of uint8 (rows, side, side, channels)."""
    found = images.numpy()
    side = min(found.shape[1], LARGEST_SIDE)
    small = shrunk(found, side, side) if side < found.shape[1] else found.astype(np.float32)
    flat: Features = small.reshape(len(small), -1) / np.float32(255) - np.float32(0.5)
    return flat


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch work on one thread for a while: more of them add up in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
