"""How much a model loses when its images are a little worse: noise, blur, a shift.

Reads the test table's images and asks the bundle. Writes nothing. Deterministic: noise and
direction of the shift are drawn from (seed, row). After the idea of Hendrycks & Dietterich 2019,
"Benchmarking Neural Network Robustness to Common Corruptions and Perturbations", with three mild
corruptions of one strength each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.modalities.image.statistics import shrunk
from assay.objectives.classification import intervals
from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from assay.bundle.classifier import Classifier

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Correct = NDArray[np.bool_]

SIGMA = 0.05  # of the noise, where 1 is the way from black to white
STEP = 2  # pixels of the shift
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))
# Each corruption asks the model once more about every row. With 2,000 rows, evenly spread over the
# test split, a loss of a point can be measured.
MOST_ROWS = 2000
BATCH = 32
UNCHANGED = "none"


def noisy(image: Pixels, random: Generator) -> Pixels:
    """Add Gaussian noise of standard deviation 0.05 (of the range) to each value."""
    noise = random.standard_normal(image.shape, dtype=np.float32) * (SIGMA * 255)
    return (image + noise).round().clip(0, 255).astype(np.uint8)


def blurred(image: Pixels, _: Generator) -> Pixels:
    """Replace each value by the mean of the 3 x 3 around it; edges are repeated outwards."""
    height, width, _channels = image.shape
    wide = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.uint16)
    total = sum(wide[y : y + height, x : x + width] for y in range(3) for x in range(3))
    return (np.asarray(total) / 9).round().astype(np.uint8)


def shifted(image: Pixels, random: Generator) -> Pixels:
    """Move the image by two pixels in one of four directions; its edge is repeated."""
    down, right = DIRECTIONS[random.integers(len(DIRECTIONS))]
    height, width, _ = image.shape
    wide = np.pad(image, ((STEP, STEP), (STEP, STEP), (0, 0)), mode="edge")
    top, left = STEP - STEP * down, STEP - STEP * right
    return wide[top : top + height, left : left + width]


CORRUPTIONS: Mapping[str, Callable[[Pixels, Generator], Pixels]] = {
    "gaussian noise, sigma 0.05": noisy,
    "box blur, 3 x 3": blurred,
    "shift by 2 pixels": shifted,
}


def robustness(
    bundle: Classifier, test: pd.DataFrame, *, resamples: int, seed: int
) -> pd.DataFrame:
    """Return a row a corruption: ``corruption, rows, accuracy, against_none, low, high``.

    The last two are the paired 95 % bootstrap interval of the difference. An image larger than
    what the network sees is shrunk to that first, so that two pixels are two of the network's.
    """
    chosen = test.iloc[spread(len(test), MOST_ROWS)]
    with Progress("corrupted images", len(chosen) * (1 + len(CORRUPTIONS))) as bar:
        correct = _correct(bundle, chosen, seed, bar)
    clean = correct[UNCHANGED]
    random = np.random.default_rng(seed)
    rows = []
    for name, right in correct.items():
        low, high = _interval(right, clean, resamples, random)
        difference = float(right.mean() - clean.mean())
        rows.append((name, len(right), float(right.mean()), difference, low, high))
    heads = ["corruption", "rows", "accuracy", "against_none", "low", "high"]
    return pd.DataFrame(rows, columns=heads)


def spread(rows: int, most: int) -> NDArray[np.int64]:
    """Return ``most`` row numbers, evenly spread, or all of them where there are fewer."""
    taken = min(rows, most)
    return np.arange(taken) * rows // max(taken, 1)


def _correct(
    bundle: Classifier, table: pd.DataFrame, seed: int, progress: Progress
) -> dict[str, Correct]:
    """Return for each corruption which rows the bundle puts into their class."""
    truth = np.array([bundle.labels.index(label) for label in table["label"].astype(str)])
    correct = {name: np.zeros(len(table), dtype=np.bool_) for name in (UNCHANGED, *CORRUPTIONS)}
    decoded = bundle.encode(table["image"].tolist())

    def asked() -> Iterator[tuple[tuple[str, list[int]], dict[str, Pixels]]]:
        for rows, feeds in decoded.batches(BATCH):
            images = _as_seen(feeds["pixels"], bundle.manifest.number("size"))
            for name in correct:
                yield (name, rows), {"pixels": _corrupted(images, name, seed, rows)}

    for (name, rows), logits in bundle.all_logits(asked()):
        correct[name][rows] = logits.argmax(axis=1) == truth[rows]
        progress.advance(len(rows))
    return correct


def _as_seen(images: Pixels, size: int) -> Pixels:
    _, height, width, _ = images.shape
    if max(height, width) <= size:
        return images
    return shrunk(images, min(height, size), min(width, size)).round().astype(np.uint8)


def _corrupted(images: Pixels, name: str, seed: int, rows: Sequence[int]) -> Pixels:
    if name == UNCHANGED:
        return images
    change = CORRUPTIONS[name]
    randoms = (np.random.default_rng([seed, row]) for row in rows)
    return np.stack([change(image, random) for image, random in zip(images, randoms, strict=True)])


def _interval(
    right: Correct, clean: Correct, resamples: int, random: Generator
) -> tuple[float, float]:
    """Return the paired interval of a difference of accuracies, in which rows lose, stay or win.

    Drawing rows anew is drawing these three counts (Efron & Tibshirani 1993, chapter 16).
    """
    moves = np.bincount(right.astype(np.int64) - clean + 1, minlength=3)
    drawn = random.multinomial(len(right), moves / len(right), size=resamples)
    return intervals.interval((drawn[:, 2] - drawn[:, 0]) / len(right)) or (0.0, 0.0)
