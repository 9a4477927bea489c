"""Judge a challenger on images: what the gate needs to know of this task.

Reads what it is told to. Writes nothing but the pixels below ``.assay/``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.image_generator import ImageGenerator
from assay.errors import DataRefused
from assay.modalities.image import kept_pixels
from assay.objectives.generation.champion_rules import against
from assay.progress import say
from assay.tasks.image_generation.evaluate import require_images
from assay.tasks.image_generation.scored import costs
from assay.verdicts import GateFindings, Rule

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.release import Gate
    from assay.tasks.image_generation.scored import Costs
    from assay.tasks.image_generation.settings import ImageGenerationModel
    from assay.verdicts import GateInputs

TIMED = 100


def judge(settings: ImageGenerationModel, given: GateInputs) -> GateFindings:
    """Return the rules on a challenger: bits per dimension against the champion, and its speed.

    Raises:
        BundleRefused: a bundle cannot be opened.
        DataRefused: the test split is empty, or the two are made for other images.

    """
    challenger = _opened(given.challenger, settings)
    rules = [_speed(challenger, settings.gate)]
    if given.champion is not None:
        champion = _opened(given.champion, settings)
        _require_alike(challenger, champion)
        new, old = (
            _costs(model, given.splits["test"], settings) for model in (challenger, champion)
        )
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
    return f"{' x '.join(map(str, model.shape))} numbers with {model.levels} levels"


def _costs(model: ImageGenerator, test: Path, settings: ImageGenerationModel) -> Costs:
    folder = kept_pixels.FOLDER / model.manifest.model
    images = kept_pixels.of_table(test, folder, model.side, model.channels, kept_pixels.squared)
    require_images(images)
    chosen = settings.evaluate
    say(
        f"gate: {min(len(images), chosen.bound_images):,} test images, {model.precision} on "
        f"{model.provider}"
    )
    return costs(model, images, chosen)


def _speed(model: ImageGenerator, gate: Gate) -> Rule:
    """Time single images."""
    taken = []
    for seed in range(TIMED):
        begin = time.perf_counter()
        model.sample(1, seed)
        taken.append(1000 * (time.perf_counter() - begin))
    slow = float(np.quantile(taken, 0.95))
    return Rule(
        name="latency",
        title="latency of an image",
        passed=slow <= gate.max_latency_ms,
        found=f"95th percentile {slow:.1f} ms at batch size 1",
        required=f"at most {gate.max_latency_ms:g} ms (a warning: timings vary)",
        figures={"p95_ms": round(slow, 3)},
        warning=True,
    )
