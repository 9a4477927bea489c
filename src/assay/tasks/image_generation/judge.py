"""Judge a challenger on images: what the gate needs to know of this task.

Reads what it is told to. Writes nothing but the pixels below ``.assay/``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from assay.bundle.image_generator import ImageGenerator
from assay.errors import DataRefused
from assay.modalities.image import kept_pixels
from assay.objectives.generation.champion_rules import against
from assay.objectives.generation.latency import latency
from assay.progress import say
from assay.tasks.image_generation.evaluate import require_images
from assay.tasks.image_generation.scored import costs
from assay.verdicts import GateFindings

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.release import Gate
    from assay.tasks.image_generation.scored import Costs, Pixels
    from assay.tasks.image_generation.settings import ImageGenerationModel
    from assay.verdicts import GateInputs, Rule

TIMED = 100


def judge(settings: ImageGenerationModel, given: GateInputs) -> GateFindings:
    """Return the rules on a challenger: bits per dimension against the champion, and its speed.

    Raises:
        BundleRefused: a bundle cannot be opened.
        DataRefused: the test split is empty, or the two are made for other images.

    """
    challenger = _opened(given.challenger, settings)
    images = _images(given.splits["test"], challenger)
    require_images(images, "test")
    rules = [_speed(challenger, settings.gate)]
    if given.champion is not None:
        champion = _opened(given.champion, settings)
        _require_alike(challenger, champion)
        new = _costs(challenger, given.challenger, images, settings)
        old = _costs(champion, given.champion, images, settings)
        rules.insert(0, against(new, old, given.level, settings, "bits per dimension"))
    return GateFindings(rules=tuple(rules))


def _opened(folder: Path, settings: ImageGenerationModel) -> ImageGenerator:
    return ImageGenerator.open(folder, threads=settings.evaluate.threads)


def _require_alike(challenger: ImageGenerator, champion: ImageGenerator) -> None:
    """Refuse models of other images: bits of theirs do not compare."""
    new, old = ((one.shape, one.levels) for one in (challenger, champion))
    if new != old:
        raise DataRefused(
            f"the challenger is made for images of {_shown(challenger)}, the champion for images "
            f"of {_shown(champion)}",
            expected="models of the same images: their bits per dimension compare",
            cure="give train.size, train.channels and train.likelihood the champion's values, or "
            "make the other one a model of its own: assay new NAME",
        )


def _shown(model: ImageGenerator) -> str:
    return f"{' x '.join(map(str, model.shape))} pixels with {model.levels} levels"


def _images(test: Path, model: ImageGenerator) -> Pixels:
    folder = kept_pixels.FOLDER / model.manifest.model
    return kept_pixels.of_table(test, folder, model.side, model.channels, kept_pixels.squared)


def _costs(
    model: ImageGenerator, folder: Path, images: Pixels, settings: ImageGenerationModel
) -> Costs:
    chosen = settings.evaluate
    say(
        f"gate: {folder} on {min(len(images), chosen.bound_images):,} test images, "
        f"{model.precision} on {model.provider}"
    )
    return costs(model, images, chosen)


def _speed(model: ImageGenerator, gate: Gate) -> Rule:
    """Time single images."""
    taken = []
    for seed in range(TIMED):
        begin = time.perf_counter()
        model.sample(1, seed)
        taken.append(time.perf_counter() - begin)
    return latency(taken, gate, "an image")
