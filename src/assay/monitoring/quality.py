"""How many of a classifier's answers are right, estimated where nobody has labelled the rows.

Reads probabilities and writes nothing. The estimate is average confidence: of calibrated
probabilities the mean of the greatest is the share of right answers that is to be expected
(Hendrycks and Gimpel 2017, "A baseline for detecting misclassified and out-of-distribution
examples"; of shifts: Guillory et al. 2021, "Predicting with confidence on unseen distributions").
It follows a change in which inputs come, in part. It cannot see a change in what labels mean.

Two other ways were measured on 13 shifts of `opinions` and `fashion` (another domain, length or mix
of classes than the labelled rows). This one was wrong by 3.7 points on average and 13 at most, the
difference of confidences of Guillory et al. by 4.6 and 16, and the thresholded confidence of Garg
et al. 2022 by 5.6 and 18.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.records import Record

if TYPE_CHECKING:
    import numpy as np

    from assay.monitoring.two_sample import FloatArray

    Booleans = np.ndarray[Any, np.dtype[np.bool_]]

# Standard errors to either side of a mean: 95 %.
WIDTH = 1.96
# Fewer rows of either kind say next to nothing.
FEWEST_ROWS = 20


class Quality(Record):
    """What is known of the share of right answers.

    Attributes:
        rows_reference: labelled rows.
        rows_current: rows without a label.
        measured: share of right answers to the labelled rows.
        expected: what the estimate says of the labelled rows: beside ``measured`` it shows how far
            confidence can be trusted.
        estimated: the estimate of the rows without a label.
        low: lower end of a 95 % interval that counts the number of rows, and not that the method
            may be wrong.
        high: upper end.

    """

    rows_reference: int
    rows_current: int
    measured: float
    expected: float
    estimated: float
    low: float
    high: float


def estimate(reference: FloatArray, right: Booleans, current: FloatArray) -> Quality | None:
    """Estimate the share of right answers to unlabelled rows; None of fewer than 20 rows.

    Args:
        reference: probabilities (rows, classes) of labelled rows that were not learned from.
        right: whether each of them was answered right.
        current: probabilities (rows, classes) of the others.

    """
    if min(len(reference), len(current)) < FEWEST_ROWS:
        return None
    found = current.max(axis=1)
    half = WIDTH * float(found.std(ddof=1)) / len(found) ** 0.5
    estimated = float(found.mean())
    return Quality(
        rows_reference=len(reference),
        rows_current=len(current),
        measured=float(right.mean()),
        expected=float(reference.max(axis=1).mean()),
        estimated=estimated,
        low=max(0.0, estimated - half),
        high=min(1.0, estimated + half),
    )
