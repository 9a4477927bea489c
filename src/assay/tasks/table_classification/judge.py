"""Judge a challenger on rows of a table: what the gate needs to know of this task.

Reads what it is told to. Writes nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from assay.bundle.classifier import Classifier
from assay.modalities.table.encoding import of_bundle, records
from assay.objectives.classification import promotion
from assay.tasks.table_classification.evaluate import show, slices

if TYPE_CHECKING:
    from assay.tasks.table_classification.settings import TableClassificationModel
    from assay.verdicts import GateFindings, GateInputs


def judge(settings: TableClassificationModel, given: GateInputs) -> GateFindings:
    """Return the rules on a challenger; see :func:`promotion.judge`."""
    functions = promotion.TaskFunctions(
        open=partial(Classifier.open, encoder_of=of_bundle, threads=settings.evaluate.threads),
        inputs=records,
        slicings=partial(slices, settings=settings),
        transforms={},
        show=partial(show, settings=settings),
    )
    return promotion.judge(given, settings, functions)
