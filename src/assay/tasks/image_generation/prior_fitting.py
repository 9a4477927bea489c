"""Fit the prior of the bundle to latents of train images, after the training.

Reads the train and the validation split, and the pixels below ``.assay/``. Writes nothing but
these. Ghosh et al., "From variational to deterministic autoencoders" (ICLR 2020, section 4), fit a
density to the latents of a trained autoencoder and draw new images from it: what the decoder is
given is then what it was trained on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from assay.objectives.generation import gaussian_mixture
from assay.progress import say
from assay.tasks.image_generation import card, pixels
from assay.tasks.image_generation.scored import spread
from assay.tasks.image_generation.train import held_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.bundle.session import Session
    from assay.objectives.generation.gaussian_mixture import Mixture
    from assay.paths import ModelPaths
    from assay.tasks.image_generation.settings import ImageGenerationModel

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# Latents of the two splits are drawn by independent noise, else a mixture that knows the one by
# heart would seem to know the other.
DRAWS = {"validation": 0, "train": 1}
# Images of a split whose latents are used, evenly out of all.
USED = 20_000
# Added to every variance of a Gaussian. That of the standard normal distribution is 1.
FLOOR = 1e-3


class FittedPrior(NamedTuple):
    """A prior, and of how many fitted Gaussians it is: 0 where it is the standard normal one."""

    mixture: Mixture
    gaussians: int


def fitted(settings: ImageGenerationModel, files: ModelPaths, encoder: Session) -> FittedPrior:
    """Return the prior under which latents of validation images are most probable.

    The standard normal distribution, which the network was trained with, and mixtures of
    ``export.prior_gaussians``, of half of them, and so on, as far as there are more train images.
    """
    standard = FittedPrior(gaussian_mixture.standard_normal(settings.train.latents), 0)
    counts = list(_halved(settings.export.prior_gaussians))
    if not counts:
        return standard
    validation, train = (_latents(settings, files, encoder, name) for name in DRAWS)
    if not len(validation):
        return standard
    fits = [
        FittedPrior(gaussian_mixture.fit(train, count, settings.train.seed, FLOOR), count)
        for count in counts
        if count < len(train)
    ]
    candidates = [standard, *fits]
    densities = [float(one.mixture.log_density(validation).mean()) for one in candidates]
    best = int(np.argmax(densities))
    say(
        f"export: the prior is {card.prior(candidates[best].gaussians)}: log density of latents of "
        f"{len(validation):,} validation images {densities[best]:.2f} nats, "
        f"{densities[0]:.2f} by the standard normal distribution"
    )
    return candidates[best]


def _halved(count: int) -> Iterator[int]:
    while count:
        yield count
        count //= 2


def _latents(
    settings: ImageGenerationModel, files: ModelPaths, encoder: Session, split: str
) -> Floats:
    """Return a draw of each image's posterior, shape (images, latents)."""
    images = pixels.of_split(files, split, settings.train)
    some = torch.from_numpy(images[spread(len(images), USED)])
    batches = held_out(some, settings.train, DRAWS[split])
    feeds = ((None, {"pixels": seen.numpy(), "noise": own.numpy()}) for seen, own in batches)
    found = [latents for _, latents in encoder.run_all(feeds, "latents")]
    empty = np.zeros((0, settings.train.latents))
    return np.concatenate([empty, *found], dtype=np.float64)
