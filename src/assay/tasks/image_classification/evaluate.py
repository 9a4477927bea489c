"""Measure an image classifier: bundle and baselines, slices by light, worst errors, robustness.

Reads the bundle, the three splits, and the reports of earlier stages. Writes nothing but the figure
that it is asked for, and the pixels below ``.assay/`` that a baseline reads.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.bundle.classifier import Classifier
from assay.modalities.image import encoding
from assay.modalities.image.statistics import grey_statistics, shrunk
from assay.objectives.classification import baselines, evaluation, metrics
from assay.objectives.classification import slices as by_slice
from assay.objectives.classification.labels import known_labels
from assay.progress import Progress, say
from assay.reporting import canvas
from assay.reporting.gallery import gallery
from assay.reporting.section import WORST as SECTION
from assay.reporting.section import Section
from assay.tasks.image_classification import baseline
from assay.tasks.image_classification.robustness import MOST_ROWS, SIGMA, robustness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from assay.objectives.classification.metrics import Predictions
    from assay.paths import ModelPaths
    from assay.reporting.report import Report
    from assay.tasks.image_classification.settings import ImageClassificationModel

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

THIRDS = {
    "brightness": ("darkest third", "middle third", "brightest third"),
    "contrast": ("flattest third", "middle third", "strongest third"),
}
# Errors in one figure, its longest side in pixels, and letters of a class in its captions.
WORST, SHOWN_SIDE, LETTERS = 64, 128, 11


def evaluate(settings: ImageClassificationModel, files: ModelPaths) -> Report:
    """Measure the bundle on the test split beside its baselines.

    Raises:
        BundleRefused: the bundle's bytes were altered.
        DataRefused: the test split is empty, holds labels that the bundle doesn't know, or lacks a
            column of ``ingest.slices``.

    """
    bundle = Classifier.open(files.bundle, encoding.of_bundle, threads=settings.evaluate.threads)
    test = pd.read_parquet(files.split("test"))
    truth = known_labels(test, bundle.labels)
    say(f"evaluate: {len(test):,} test rows, {bundle.precision} on {bundle.provider}")
    images = test["image"].tolist()
    with Progress("predicting the test split", len(images)) as bar:
        found = bundle.predict(images, progress=bar).probabilities
    model = metrics.predictions(truth, found, bundle.labels)
    simple = baseline.fitted(settings, files, bundle.labels)
    validation = pd.read_parquet(files.split("validation"), columns=["label"])
    held = known_labels(validation, bundle.labels, "validation")
    tested = evaluation.Tested(
        table=test,
        model=model,
        baselines=baselines.score(simple, held, truth, bundle.labels),
        slicings=slices(test, settings),
        show=show,
        sections=extra_sections(bundle, test, model, settings),
    )
    return evaluation.evaluate(tested, bundle.manifest, settings, files)


def slices(table: pd.DataFrame, settings: ImageClassificationModel) -> dict[str, pd.Series[str]]:
    """Return every row's slice by each column of ``ingest.slices``, by brightness and contrast.

    Raises:
        DataRefused: a column that the table lacks.

    """
    found = by_slice.columns(table, settings.ingest.slices)
    grey = grey_statistics(table["image"].tolist(), 1)
    found["brightness"] = _thirds(grey.brightness, THIRDS["brightness"], table.index)
    found["contrast"] = _thirds(grey.contrast, THIRDS["contrast"], table.index)
    return found


def extra_sections(
    bundle: Classifier, test: pd.DataFrame, model: Predictions, settings: ImageClassificationModel
) -> list[Section]:
    """Return the worst errors as one figure, and what noise, blur and a shift cost."""
    given = settings.evaluate
    table = robustness(bundle, test, resamples=given.bootstrap, seed=given.seed)
    return [*_worst(test, model), _robustness(table, len(test))]


def show(row: pd.Series[Any]) -> str:
    """Return the image's size, and that of its file."""
    height, width = encoding.dimensions(row["image"])
    return f"{width} x {height} pixels, {len(row['image']):,} bytes"


def _worst(test: pd.DataFrame, model: Predictions) -> list[Section]:
    rows = metrics.worst(model, WORST)
    if not len(rows):
        return []
    draw = partial(_draw, images=test["image"].iloc[rows], model=model, rows=rows.tolist())
    words = (
        f"The {len(rows)} wrong predictions of the highest confidence, the highest first; under "
        "each the actual class, and → the predicted one."
    )
    return [Section(SECTION, "Worst errors in pictures", words, draw=draw)]


def _draw(path: Path, *, images: Iterable[bytes], model: Predictions, rows: Sequence[int]) -> None:
    names, fonts = canvas.legible(model.labels, LETTERS)
    captions = [f"{names[model.truth[row]]}\n→ {names[model.predicted[row]]}" for row in rows]
    shown = [_small(encoding.decode(content, 3)) for content in images]
    gallery(path, shown, captions, f"the {len(shown)} worst errors", fonts)


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
        f"The same {which}, but each image corrupted a little: Gaussian noise of standard "
        f"deviation {SIGMA} (black to white is 1), the mean of 3 x 3 pixels, a shift by two "
        "pixels; each compared with the images as they are, with the paired 95 % interval."
    )
    return Section("robustness", "Robustness", words, table)


def _thirds(
    values: np.ndarray[Any, Any], names: Sequence[str], index: pd.Index[Any]
) -> pd.Series[str]:
    """Return each value's third, as a categorical in rising order; equal values stay together."""
    places = np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values)
    chosen = [names[place] for place in places]
    return pd.Series(pd.Categorical(chosen, list(names), ordered=True), index=index)
