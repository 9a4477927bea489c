"""The bundle of images beside the torch network it came from: images a second, and answers.

Reads the workspace's bundle, checkpoint and test split. Writes nothing. All of them average over
the same views of an image; decoding is outside every clock, since it is the same for all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.paths import ModelPaths
from assay.tasks import registry
from assay.tasks.image_classification.settings import ImageClassificationModel
from bench import project, tables
from bench.measure import Spread, facts, in_turns, ratios

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Logits = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Size:
    """How much is measured: single images, images in batches, and rounds."""

    single: int
    whole: int
    rounds: int


FULL, QUICK = Size(single=256, whole=10**9, rounds=3), Size(single=8, whole=64, rounds=1)
BATCH = 32
BUNDLE, EAGER = "the bundle", "torch fp32, eager, channels last"


@dataclass(frozen=True)
class Answers:
    """What one run gave, and how long it took."""

    seconds: float
    classes: np.ndarray[Any, Any]

    @property
    def rate(self) -> float:
        """Images a second."""
        return len(self.classes) / self.seconds


def measure(quick: bool) -> str:
    """Return both tables.

    Raises:
        MissingFile: the workspace was not built.
        BundleRefused: the bundle's bytes were altered.

    """
    size = QUICK if quick else FULL
    files = ModelPaths(project.IMAGES)
    test = files.split("test")
    project.workspace(test, files.checkpoint, files.bundle, model=project.IMAGES)
    settings = _settings()
    table = project.spread_out(pd.read_parquet(test, columns=["image", "label"]), size.whole)
    pixels = decoded(table, settings.train.channels)
    truth = np.array([settings.labels.index(label) for label in table["label"]])
    precision, networks = _networks(files, settings)
    single = slice(0, size.single)
    return "\n\n".join(
        [
            f"**Images.** The `{project.IMAGES}` test split. The bundle is {precision}; torch "
            "reads the checkpoint it was exported from. All average over the same views "
            f"({settings.export.tta}). {settings.export.threads} threads each; pixels are decoded "
            "beforehand.",
            facts(f"{size.rounds} rounds, after a batch to warm up"),
            _table("batch 1", networks, pixels[single], truth[single], 1, size.rounds),
            _table(f"batch {BATCH}, whole file", networks, pixels, truth, BATCH, size.rounds),
        ]
    )


def _settings() -> ImageClassificationModel:
    found = registry.load_model(project.IMAGES)
    if not isinstance(found, ImageClassificationModel):
        raise project.other_task(project.IMAGES, found, "image-classification")
    return found


def decoded(table: pd.DataFrame, channels: int) -> Pixels:
    """Return the table's images, all of one size: uint8 (rows, height, width, channels)."""
    from assay.modalities.image.encoding import decode

    return np.stack([decode(content, channels) for content in table["image"]])


def _networks(
    files: ModelPaths, settings: ImageClassificationModel
) -> tuple[str, dict[str, Callable[[Pixels], Logits]]]:
    """Return the bundle's precision, and each contender as a function of pixels."""
    # torch takes seconds to import: not to say that something is missing.
    import torch

    from assay.bundle.classifier import Classifier
    from assay.modalities.image.encoding import of_bundle
    from assay.tasks.image_classification import network
    from assay.tasks.image_classification.served import Served

    torch.set_num_threads(settings.export.threads)
    bundle = Classifier.open(files.bundle, of_bundle, threads=settings.export.threads)
    served = Served(network.load(files.checkpoint), settings.train.size, settings.export.tta).eval()

    def eager(pixels: Pixels) -> Logits:
        with torch.inference_mode():
            return np.asarray(served(torch.from_numpy(pixels)).numpy())

    def autocast(pixels: Pixels) -> Logits:
        with torch.autocast("cpu", torch.bfloat16):
            return eager(pixels)

    return bundle.precision, {
        BUNDLE: lambda pixels: bundle.logits({"pixels": pixels}),
        EAGER: eager,
        "torch bf16, autocast": autocast,
    }


def _table(
    title: str,
    networks: Mapping[str, Callable[[Pixels], Logits]],
    pixels: Pixels,
    truth: np.ndarray[Any, Any],
    batch: int,
    rounds: int,
) -> str:
    for ask in networks.values():
        ask(pixels[:batch])
    runs = {name: _run(ask, pixels, batch) for name, ask in networks.items()}
    found = in_turns(runs, rounds, f"{title}, {len(pixels):,} images")
    rates = {name: [one.rate for one in answers] for name, answers in found.items()}
    expected = found[EAGER][0].classes
    lines = [
        [
            name,
            str(Spread.of(rates[name])),
            str(Spread.of(ratios(rates[BUNDLE], rates[name]))),
            f"{(answers[0].classes == expected).mean():.2%}",
            f"{(answers[0].classes == truth).mean():.4f}",
        ]
        for name, answers in found.items()
    ]
    header = [
        f"{title}, {len(pixels):,} images",
        "images a second",
        "bundle ÷ this",
        "equal to torch",
        "accuracy",
    ]
    return tables.markdown(header, lines)


def _run(ask: Callable[[Pixels], Logits], pixels: Pixels, batch: int) -> Callable[[], Answers]:
    def run() -> Answers:
        started = time.perf_counter()
        parts = [ask(pixels[first : first + batch]) for first in range(0, len(pixels), batch)]
        seconds = time.perf_counter() - started
        return Answers(seconds, np.concatenate(parts).argmax(axis=1))

    return run
