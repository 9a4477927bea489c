"""Which inputs are out of scope: a classifier answers with one of its classes to every input.

Reads and writes nothing. An input whose score is below a threshold is called out of scope. The
threshold is calibrated on the scores of the validation split, so that no more than a chosen share
of inputs like these fall below it. The score is :func:`assay.bundle.classifier.scope_scores`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from assay.bundle.classifier import scope_scores

if TYPE_CHECKING:
    from assay.objectives.classification.metrics import Floats

# A threshold is rounded down to six digits behind the point: never more alarms for it.
STEPS = 1e6


def threshold(probabilities: Floats, false_alarm: float | None) -> float | None:
    """Return the score below which an input is called out of scope.

    It is the k-th smallest score of the n validation rows, k = floor(``false_alarm`` * (n + 1)):
    the chance that another row drawn like these scores below it is at most ``false_alarm``, for
    every n (split conformal prediction: Vovk, Gammerman and Shafer, "Algorithmic learning in a
    random world", 2005; Papadopoulos et al., ECML 2002). None where k is 0, because so few rows
    promise nothing, and where ``false_alarm`` is None.

    ``probabilities``: float64 of shape (n, classes), by the graph that is served.
    """
    if false_alarm is None:
        return None
    # 0.29 * 100 is a little below 29 in binary.
    place = math.floor(false_alarm * (len(probabilities) + 1) + 1e-9)
    if place < 1:
        return None
    found = float(np.sort(scope_scores(probabilities))[place - 1])
    return math.floor(found * STEPS) / STEPS


def share_interval(hits: int, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, JASA 1927); ``rows`` is 1 or more."""
    found = binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)
