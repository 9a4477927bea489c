"""Images that a bundle generates for its report, compared with real ones.

Reads and writes nothing. What is compared are the images that ``assay generate`` writes: of each
pixel the mean (Bernoulli) or the median (logistic). All of them follow from the settings' seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.objectives.generation import image_plots
from assay.objectives.generation.frechet import frechet_distance
from assay.objectives.generation.image_figures import Drawn
from assay.objectives.generation.manifold import NEIGHBOURS, nearest, precision_recall
from assay.progress import say
from assay.tasks.image_generation.features import Features
from assay.tasks.image_generation.scored import spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from assay.bundle.image_generator import ImageGenerator
    from assay.tasks.image_generation.baseline import Simple
    from assay.tasks.image_generation.settings import ImageGenerationEvaluate

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class Splits:
    """The images that generated ones are compared with, as they came."""

    train: Pixels
    test: Pixels


@dataclass(frozen=True, eq=False)
class Generated:
    """How generated images compare.

    Attributes:
        drawn: the figures.
        distances: the Frechet distance of each set of images from test images.
        nearest: curves of the distance to the nearest train image.
        features: what all this is measured in, in a few words.

    """

    drawn: Drawn
    distances: pd.DataFrame
    nearest: pd.DataFrame
    features: str


def compared(
    model: ImageGenerator,
    splits: Splits,
    simple: Sequence[Simple],
    chosen: ImageGenerationEvaluate,
) -> Generated:
    """Generate images, and as many by each simple model; compare all with test images."""
    count = min(chosen.samples, len(splits.train), len(splits.test))
    say(f"evaluate: {count:,} generated images beside as many real ones")
    features = Features.of(splits.train)
    known = features(splits.train)
    real, usual = (features(own[spread(len(own), count)]) for own in (splits.test, splits.train))
    own = features(model.sample(count, chosen.seed))
    sets = {
        "train images": usual,
        "the model": own,
        "the model, each pixel drawn": features(model.sample(count, chosen.seed, noise=True)),
        **{one.name: features(one.sample(count, chosen.seed)) for one in simple},
    }
    far = {name: frechet_distance(found, real) for name, found in sets.items()}
    return Generated(
        drawn=Drawn(
            model=far["the model"],
            baseline=min(far[one.name] for one in simple),
            floor=far["train images"],
            manifold=precision_recall(
                real,
                own,
                chosen.bootstrap,
                chosen.seed,
                neighbours=min(NEIGHBOURS, count - 1),
            ),
            images=count,
        ),
        distances=pd.DataFrame(list(far.items()), columns=["images", "frechet_distance"]),
        nearest=image_plots.distances(_nearest(own, known), _nearest(real, known)),
        features=features.name,
    )


def _nearest(images: Floats, train: Floats) -> Floats:
    found: Floats = nearest(images, train).distances[:, 0]
    return found
