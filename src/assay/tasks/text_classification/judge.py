"""Judge a challenger on texts: what the gate needs to know of this task.

Reads what it is told to. Writes nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from assay.bundle.classifier import Classifier
from assay.modalities.text.encoding import of_bundle
from assay.modalities.text.transforms import TRANSFORMS
from assay.objectives.classification import promotion
from assay.personal import masked
from assay.tasks.text_classification.evaluate import slices

if TYPE_CHECKING:
    from assay.tasks.text_classification.settings import TextClassificationModel
    from assay.verdicts import GateFindings, GateInputs


def judge(settings: TextClassificationModel, given: GateInputs) -> GateFindings:
    """Return the rules on a challenger; see :func:`promotion.judge`."""
    functions = promotion.TaskFunctions(
        open=partial(Classifier.open, encoder_of=of_bundle, threads=settings.evaluate.threads),
        inputs=lambda table: table["text"].astype(str).tolist(),
        slicings=partial(slices, settings=settings),
        transforms=TRANSFORMS,
        show=lambda row: masked(str(row["text"])),
    )
    return promotion.judge(given, settings, functions)
