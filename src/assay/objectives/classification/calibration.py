"""Temperature scaling: one number by which logits are divided, so that confidence is accuracy.

Reads and writes nothing. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section
4.2. No class changes, since all logits of a row are divided alike. Fitted on the validation split,
never on the test split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp, softmax

from assay.objectives.classification.metrics import Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

COLDEST, HOTTEST = 0.05, 20.0


@dataclass(frozen=True)
class Temperature:
    """What was fitted.

    Attributes:
        value: logits are divided by it; of four significant digits.
        before: mean negative log likelihood of the rows that it was fitted on, in nats.
        after: the same once logits are divided.

    """

    value: float
    before: float
    after: float


def fit(logits: np.ndarray[Any, Any], labels: Ints) -> Temperature:
    """Return the temperature under which these labels are likeliest, 0.05 to 20.

    ``logits``: of shape (rows, classes); ``labels``: class numbers, shape (rows,). Where they say
    nothing of a temperature it is 1: no row, one class alone, rows whose logits are all equal, or
    logits that are no numbers.

    With b = 1 / T, logits z and targets t, the negative log likelihood of a row,

        log sum_k exp(b z_k) - b sum_k t_k z_k,

    is convex in b, so that its derivative has one root. ``t`` is the label but for a share of
    1 / (rows + 2), which is spread over all classes: the rule of succession, in the way of Platt
    ("Probabilistic outputs for support vector machines", 1999). Where every row is right, the
    labels alone would send T to 0, and the log loss of the first wrong answer to no end; that n
    rows are right shows no more than that about one in n is wrong.
    """
    scores = np.asarray(logits, dtype=np.float64)
    found = float(f"{1 / _inverse(scores, labels):.4g}") if _tells(scores, labels) else 1.0
    return Temperature(found, _mean_loss(scores, labels), _mean_loss(scores / found, labels))


def unscaled(served: Predictions, temperature: float) -> Predictions:
    """Return what the probabilities were before logits were divided by ``temperature``.

    They are softmax(T log p): a logit is its log probability and a number that is one for a row.
    """
    with np.errstate(divide="ignore"):
        logits = temperature * np.log(served.probabilities)
    return Predictions(served.truth, softmax(logits, axis=1), served.labels)


def _tells(scores: Floats, labels: Ints) -> bool:
    """Tell whether any temperature is likelier than another."""
    return (
        len(np.unique(labels)) > 1
        and bool(np.isfinite(scores).all())
        and bool(np.ptp(scores, axis=1).max() > 0)
    )


def _inverse(scores: Floats, labels: Ints) -> float:
    """Return b = 1 / T where the derivative is zero, or the bound beyond which it would be."""
    rows, classes = scores.shape
    spread = 1 / (rows + 2)
    targets = (1 - spread) * np.eye(classes)[labels] + spread / classes
    wanted = (targets * scores).sum()

    def slope(inverse: float) -> float:
        return float((softmax(inverse * scores, axis=1) * scores).sum() - wanted)

    least, most = 1 / HOTTEST, 1 / COLDEST
    if slope(least) >= 0:
        return least
    if slope(most) <= 0:
        return most
    return float(brentq(slope, least, most))


def _mean_loss(scores: Floats, labels: Ints) -> float:
    if not len(labels):
        return 0.0
    own = scores[np.arange(len(labels)), labels]
    return float((logsumexp(scores, axis=1) - own).mean())
