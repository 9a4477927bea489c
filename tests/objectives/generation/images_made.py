"""What is known of images that were measured, without a model and without images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.objectives.generation import image_plots
from assay.objectives.generation.image_evaluation import Tested
from assay.objectives.generation.image_figures import Drawn
from assay.objectives.generation.image_report import Measured, Picture
from assay.objectives.generation.intervals import Estimate
from assay.objectives.generation.manifold import PrecisionRecall

if TYPE_CHECKING:
    Floats = np.ndarray[Any, np.dtype[np.float64]]

IMAGES, SAMPLES, DIMENSIONS = 60, 16, 64
MEASURED = Measured(
    IMAGES, SAMPLES, binarised=False, features="made-up features", prior="a made-up prior"
)
DRAWN = Drawn(
    model=3.0,
    baseline=4.0,
    floor=1.0,
    manifold=PrecisionRecall(Estimate(0.5, 0.4, 0.6), Estimate(0.25, 0.2, 0.3)),
    images=IMAGES,
)


def log_weights(bits: float, seed: int = 1) -> Floats:
    """Return log weights of a model that needs about so many bits per dimension."""
    random = np.random.default_rng(seed)
    nats = -bits * np.log(2) * DIMENSIONS
    images = np.random.default_rng(9).normal(0, 5, (IMAGES, 1))
    found: Floats = nats + images + random.normal(0, 1, (IMAGES, SAMPLES))
    return found


def tested(bits: float = 3.0, baseline: float = 4.0) -> Tested:
    """Return what a task would bring: a model of so many bits beside such a baseline."""
    random = np.random.default_rng(2)
    distances = image_plots.distances(random.random(IMAGES), 1 + random.random(IMAGES))
    shown = random.integers(0, 256, (6, 4, 4, 1), dtype=np.uint8)
    return Tested(
        predictions=pd.DataFrame({"id": [str(row) for row in range(IMAGES)], "bits": bits}),
        log_weights=log_weights(bits),
        baseline=log_weights(baseline, 3)[:, 0],
        baseline_name="a simple model",
        baselines=pd.DataFrame({"baseline": ["a simple model"], "nats": [1.0]}),
        dimensions=DIMENSIONS,
        errors=random.random(IMAGES),
        means=np.concatenate([random.normal(size=(IMAGES, 2)), np.zeros((IMAGES, 3))], axis=1),
        drawn=DRAWN,
        distances=pd.DataFrame({"images": ["train images"], "frechet_distance": [1.0]}),
        nearest=distances,
        pictures=[Picture("samples", "Samples", "Some.", shown, 3)],
        measured=MEASURED,
    )
