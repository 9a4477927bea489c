"""Judge a challenger on images: what the gate needs to know of this task.

Reads what it is told to. Writes nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from assay.bundle.classifier import Classifier
from assay.modalities.image.encoding import of_bundle
from assay.modalities.image.transforms import TRANSFORMS
from assay.objectives.classification import promotion
from assay.tasks.image_classification.evaluate import show, slices

if TYPE_CHECKING:
    from assay.tasks.image_classification.settings import ImageClassificationModel
    from assay.verdicts import GateFindings, GateInputs


def judge(settings: ImageClassificationModel, given: GateInputs) -> GateFindings:
    """Return the rules on a challenger; see :func:`promotion.judge`."""
    functions = promotion.TaskFunctions(
        open=partial(Classifier.open, encoder_of=of_bundle, threads=settings.evaluate.threads),
        inputs=lambda table: table["image"].tolist(),
        slicings=partial(slices, settings=settings),
        transforms=TRANSFORMS,
        show=show,
    )
    return promotion.judge(given, settings, functions)
