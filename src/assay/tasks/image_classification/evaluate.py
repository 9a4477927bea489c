"""Score images with the bundle and with the baseline; look where the model errs, and how easily.

Reads the tables that it is given. Writes nothing but the picture that it is asked for.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from assay.inputs import image as inputs
from assay.progress import Progress
from assay.scoring import baseline as linear
from assay.scoring import metrics
from assay.scoring import slices as by_slice
from assay.scoring.gallery import gallery
from assay.scoring.section import Section
from assay.tasks.image_classification.looks import looks, shrunk
from assay.tasks.image_classification.robustness import MOST_ROWS, SIGMA, robustness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from assay.bundle import Bundle
    from assay.scoring.metrics import Outcome
    from assay.settings.image import ImageModel

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

BASELINE = "logistic regression on small grey thumbnails"
# Pixels a side, scikit-learn's C, steps: 50,000 images of CIFAR-10 take 15 s on one core.
THUMBNAIL, STRENGTH, STEPS = 16, 1.0, 100
ROWS_AT_ONCE = 1024
THIRDS = {
    "brightness": ("darkest third", "middle third", "brightest third"),
    "contrast": ("flattest third", "middle third", "strongest third"),
}
# Errors in one picture, and its longest side in pixels.
WORST, SHOWN_SIDE = 64, 128


def score(bundle: Bundle, table: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Return float64 probabilities of shape (rows, classes) in the bundle's label order."""
    images = table["image"].tolist()
    with Progress("scoring the test split", len(images)) as bar:
        return bundle.probabilities(images, progress=bar)


def slices(table: pd.DataFrame, settings: ImageModel) -> dict[str, pd.Series[str]]:
    """Return every row's slice by each column of ``ingest.slices``, by brightness and contrast.

    Raises:
        DataRefused: a column that the table lacks.

    """
    found = by_slice.columns(table, settings.ingest.slices)
    seen = looks(table["image"].tolist(), 1)
    found["brightness"] = _thirds(seen.brightness, THIRDS["brightness"], table.index)
    found["contrast"] = _thirds(seen.contrast, THIRDS["contrast"], table.index)
    return found


def baseline(
    train: Path, test: pd.DataFrame, labels: Sequence[str], seed: int
) -> np.ndarray[Any, Any]:
    """Fit logistic regression on grey thumbnails of ``train``; return probabilities on ``test``."""
    stored = parquet.ParquetFile(train)
    names = [str(label) for label in stored.read(["label"])["label"].to_pylist()]
    batches = stored.iter_batches(ROWS_AT_ONCE, columns=["image"])
    parts = [looks(batch["image"].to_pylist(), THUMBNAIL).thumbnails for batch in batches]
    features = np.concatenate(parts)
    # In float64, so that a row's probabilities sum to one as closely as the bundle's.
    asked = looks(test["image"].tolist(), THUMBNAIL).thumbnails.astype(np.float64)
    return linear.logistic(features, names, asked, labels, seed, strength=STRENGTH, steps=STEPS)


def closer(
    bundle: Bundle, test: pd.DataFrame, model: Outcome, settings: ImageModel
) -> list[Section]:
    """Add the worst errors as one picture, and what noise, blur and a shift cost."""
    given = settings.evaluate
    table = robustness(bundle, test, resamples=given.bootstrap, seed=given.seed)
    return [*_worst(test, model), _robustness(table, len(test))]


def show(row: pd.Series[Any]) -> str:
    """Return the image's size, and that of its file."""
    height, width = inputs.dimensions(row["image"])
    return f"{width} x {height} pixels, {len(row['image']):,} bytes"


def _worst(test: pd.DataFrame, model: Outcome) -> list[Section]:
    rows = metrics.worst(model, WORST)
    if not len(rows):
        return []
    draw = partial(_draw, images=test["image"].iloc[rows], model=model, rows=rows.tolist())
    words = (
        f"The {len(rows)} wrong predictions that were held most confidently, the surest first; "
        "under each the class it has, and → the one it was taken for."
    )
    return [Section("worst", "Worst errors in pictures", words, draw=draw)]


def _draw(path: Path, *, images: Iterable[bytes], model: Outcome, rows: Sequence[int]) -> None:
    classes = [(int(model.truth[row]), int(model.predicted[row])) for row in rows]
    shown = [_small(inputs.decode(content, 3)) for content in images]
    gallery(path, shown, classes, model.labels, f"the {len(shown)} worst errors")


def _small(pixels: Pixels) -> Pixels:
    """Shrink a large image for show; its sides keep their proportion."""
    height, width, _ = pixels.shape
    share = SHOWN_SIDE / max(height, width)
    if share >= 1:
        return pixels
    sides = (max(1, round(height * share)), max(1, round(width * share)))
    small: Pixels = shrunk(pixels[None], *sides)[0].round().astype(np.uint8)
    return small


def _robustness(table: pd.DataFrame, rows: int) -> Section:
    which = f"{MOST_ROWS:,} rows, evenly spread over the test split" if rows > MOST_ROWS else "rows"
    words = (
        f"The same {which}, but each image made a little worse: Gaussian noise of standard "
        f"deviation {SIGMA} (black to white is 1), the mean of 3 x 3 pixels, two pixels aside; "
        "each held against the images as they are, with the paired 95 % interval."
    )
    return Section("robustness", "Robustness", words, table)


def _thirds(
    values: np.ndarray[Any, Any], names: Sequence[str], index: pd.Index[Any]
) -> pd.Series[str]:
    """Return each value's third, as a categorical in rising order; equal values stay together."""
    places = np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values)
    chosen = [names[place] for place in places]
    return pd.Series(pd.Categorical(chosen, list(names), ordered=True), index=index)
