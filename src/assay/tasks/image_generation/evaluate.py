"""Measure an image generator: bundle and simple models, bounds, samples, pictures.

Reads the bundle, the three splits, and the reports of earlier stages. Writes nothing but the pixels
below ``.assay/``. What would take long is measured on images evenly spread over the test split.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from assay.bundle.image_generator import BINARY, ImageGenerator
from assay.errors import DataRefused
from assay.objectives.generation import image_evaluation
from assay.objectives.generation.image_report import Measured
from assay.objectives.generation.likelihood import (
    bits_per_dimension,
    importance_weighted_bounds,
)
from assay.progress import say
from assay.tasks.image_generation import baseline, card, generated, pictures, pixels
from assay.tasks.image_generation.scored import spread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.paths import ModelPaths
    from assay.reporting.report import Report
    from assay.tasks.image_generation.settings import ImageGenerationModel

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]


def evaluate(settings: ImageGenerationModel, files: ModelPaths) -> Report:
    """Measure the bundle on the test split beside its baselines.

    Raises:
        BundleRefused: the bundle's bytes were altered.
        DataRefused: the train or the test split has fewer than two images.

    """
    chosen = settings.evaluate
    model = ImageGenerator.open(files.bundle, threads=chosen.threads)
    train, validation, test = (
        pixels.of_split(files, name, settings.train) for name in ("train", "validation", "test")
    )
    require_images(test, "test", 2)
    require_images(train, "train", 2)
    say(f"evaluate: {len(test):,} test images, {model.precision} on {model.provider}")
    rows = spread(len(test), chosen.bound_images)
    every = model.seen(test, chosen.seed)
    seen = every[rows]
    weights = model.log_weights(seen, chosen.bound_samples, chosen.seed)
    simple = baseline.fitted(train, model, chosen)
    held = validation[spread(len(validation), chosen.bound_images)]
    best = baseline.best(simple, model.seen(held, chosen.seed), chosen.seed)
    nats = best.nats(seen, chosen.seed)
    posterior = model.encode(every)
    errors = _errors(every, model.redrawn(posterior, chosen.seed))
    found = generated.compared(model, generated.Splits(train, test), simple, chosen)
    per_image = {
        "negative_elbo": -model.log_weights(every, 1, chosen.seed)[:, 0],
        "bits_per_dimension": _bits(importance_weighted_bounds(weights), rows, test),
        "baseline_bits_per_dimension": _bits(nats, rows, test),
        "reconstruction_error": errors,
    }
    tested = image_evaluation.Tested(
        predictions=_predictions(files.split("test"), per_image),
        log_weights=weights,
        baseline=nats,
        baseline_name=best.name,
        baselines=baseline.table(simple, seen, chosen.seed),
        dimensions=model.dimensions,
        errors=errors,
        means=posterior.mean.astype(np.float64),
        drawn=found.drawn,
        distances=found.distances,
        nearest=found.nearest,
        pictures=pictures.shown(model, train, every, chosen.seed),
        measured=Measured(
            images=len(rows),
            samples=chosen.bound_samples,
            binarised=model.levels == BINARY,
            features=found.features,
            prior=card.prior(model.gaussians),
        ),
    )
    return image_evaluation.evaluate(tested, model.manifest, settings, files)


def require_images(images: Pixels, name: str, least: int = 1) -> None:
    """Refuse a split with fewer than ``least`` images.

    Raises:
        DataRefused: says how many there are.

    """
    if len(images) < least:
        raise DataRefused(
            f"images in the {name} split: {len(images)}",
            expected=f"{least} or more",
            cure="bring more images, or change split.validation and split.test in params.yaml",
        )


def _errors(images: Pixels, again: Pixels) -> Floats:
    """Return each image's mean squared error, pixels from 0 to 1, shape (images,)."""
    found = np.zeros(len(images))
    for row, (own, other) in enumerate(zip(images, again, strict=True)):
        found[row] = np.square(own.astype(np.float64) - other).mean() / 255**2
    return found


def _bits(bounds: Floats, rows: np.ndarray[Any, Any], test: Pixels) -> Floats:
    """Return bits per dimension of each test image, NaN of those without a bound."""
    found = np.full(len(test), np.nan)
    found[rows] = bits_per_dimension(-bounds, prod(test.shape[1:]))
    return found


def _predictions(table: Path, columns: Mapping[str, Floats]) -> pd.DataFrame:
    """Return the test table's columns without its images, and what each image cost."""
    names = [name for name in parquet.read_schema(table).names if name != "image"]
    return pd.read_parquet(table, columns=names).assign(**columns)
