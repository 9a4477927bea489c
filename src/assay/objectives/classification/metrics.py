"""The figures of a classifier, from what was true and what it held likely.

Reads and writes nothing, and draws nothing. Macro averages run over the classes that the truth
holds: a class without a single row has no recall, and an invented zero would hide the real ones.
Works on class numbers alone, so texts, images and their names are the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import accuracy_score, log_loss, precision_recall_fscore_support

from assay.objectives.classification.labels import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

# The order in which figures are shown everywhere.
NAMES = (
    "accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "roc_auc",
    "log_loss",
    "calibration_error",
)
TITLES = {
    "accuracy": "accuracy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro F1",
    "roc_auc": "ROC-AUC",
    "log_loss": "log loss",
    "calibration_error": "expected calibration error",
}
LOWER_IS_BETTER = frozenset({"log_loss", "calibration_error"})
# What the command's summary shows.
HEADLINE = frozenset({"accuracy", "macro_f1", "roc_auc"})
# The validation metric by which the best epoch and the precision are chosen.
SELECTION = "validation_macro_f1"
CALIBRATION_BINS = 15


@dataclass(frozen=True, eq=False)
class Predictions:
    """One classifier on one table.

    Attributes:
        truth: class numbers, shape (rows,).
        probabilities: shape (rows, classes), rows sum to one.
        labels: the classes' names, in column order.

    Raises:
        ValueError: shapes that don't fit, no row, a class number out of range, or probabilities
            that are none.

    """

    truth: Ints
    probabilities: Floats
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        rows, classes = len(self.truth), len(self.labels)
        if rows == 0 or self.probabilities.shape != (rows, classes):
            raise ValueError(
                f"{rows} rows of {classes} classes, but probabilities of shape "
                f"{self.probabilities.shape}"
            )
        if self.truth.min() < 0 or self.truth.max() >= classes:
            raise ValueError(f"the truth names classes outside 0 to {classes - 1}")
        sums = self.probabilities.sum(axis=1)
        # Written so that NaN, too, is refused.
        if not (self.probabilities.min() >= 0 and np.abs(sums - 1).max() < 1e-4):
            raise ValueError("probabilities must be at least 0, and sum to one in each row")

    @cached_property
    def predicted(self) -> Ints:
        """The likeliest class of each row; of equals, the one named first."""
        likeliest: Ints = self.probabilities.argmax(axis=1)
        return likeliest

    @cached_property
    def confidence(self) -> Floats:
        """The probability of the predicted class."""
        highest: Floats = self.probabilities.max(axis=1)
        return highest

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Which rows are predicted as they are."""
        found: NDArray[np.bool_] = self.predicted == self.truth
        return found

    @cached_property
    def present(self) -> Ints:
        """The classes that the truth holds, ascending."""
        return np.unique(self.truth)

    @property
    def absent(self) -> tuple[str, ...]:
        """The names of the classes that the truth lacks."""
        return tuple(np.delete(np.array(self.labels, dtype=object), self.present))

    def rows(self, chosen: NDArray[np.bool_]) -> Predictions:
        """Return the same classifier on some of the rows."""
        return Predictions(self.truth[chosen], self.probabilities[chosen], self.labels)


def predictions(
    truth: Sequence[str], probabilities: Floats, labels: tuple[str, ...]
) -> Predictions:
    """Return :class:`Predictions` from labels by name.

    Raises:
        KeyError: a label that ``labels`` doesn't name.
        ValueError: as :class:`Predictions`.

    """
    return Predictions(numbers(truth, labels), np.asarray(probabilities, dtype=np.float64), labels)


def figures(result: Predictions) -> dict[str, float | None]:
    """Return every figure of :data:`NAMES`; ``roc_auc`` is None where no class has an opposite."""
    precision, recall, f1, _ = _by_class(result, result.present, average="macro")
    sums = result.probabilities.sum(axis=1, keepdims=True)
    return {
        "accuracy": float(accuracy_score(result.truth, result.predicted)),
        "macro_precision": float(precision),
        "macro_recall": float(recall),
        "macro_f1": float(f1),
        "roc_auc": _roc_auc(result),
        # Clipped at the smallest step of float64, as scikit-learn does.
        "log_loss": float(
            log_loss(
                result.truth, result.probabilities / sums, labels=np.arange(len(result.labels))
            )
        ),
        "calibration_error": calibration_error(result),
    }


def macro_f1(truth: Ints, predicted: Ints) -> float:
    """Return the mean F1 of the classes that ``truth`` holds."""
    present = np.unique(truth)
    scores = precision_recall_fscore_support(
        truth, predicted, labels=present, average="macro", zero_division=0.0
    )
    return float(scores[2])


def by_class(result: Predictions) -> list[dict[str, Any]]:
    """Return for each class its label, rows, precision, recall, F1 and one-versus-rest ROC-AUC.

    Figures of a class without rows are None.
    """
    numbers = np.arange(len(result.labels))
    precision, recall, f1, support = _by_class(result, numbers, average=None)
    areas = areas_under_roc(result)
    return [
        {
            "label": label,
            "rows": int(support[place]),
            "precision": float(precision[place]) if support[place] else None,
            "recall": float(recall[place]) if support[place] else None,
            "f1": float(f1[place]) if support[place] else None,
            "roc_auc": _known(float(areas[place])),
        }
        for place, label in enumerate(result.labels)
    ]


def confusion(result: Predictions) -> Ints:
    """Return counts of shape (classes, classes): rows are the truth, columns the prediction."""
    classes = len(result.labels)
    flat = np.bincount(result.truth * classes + result.predicted, minlength=classes * classes)
    return flat.reshape(classes, classes)


@dataclass(frozen=True)
class Bin:
    """Rows of similar confidence: the mean confidence, and the share that is right."""

    confidence: float
    accuracy: float
    rows: int


def calibration(result: Predictions) -> list[Bin]:
    """Return the reliability diagram's bins that hold rows, by rising confidence.

    Fifteen bins of equal width over the top probability, each open below and closed above
    (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2).
    """
    places = confidence_bins(result.confidence)
    return [
        Bin(
            confidence=float(result.confidence[chosen].mean()),
            accuracy=float(result.correct[chosen].mean()),
            rows=int(chosen.sum()),
        )
        for chosen in (places == place for place in np.unique(places))
    ]


def calibration_error(result: Predictions) -> float:
    """Return the expected calibration error: the bins' mean gap, weighted by rows.

    Equation 3 of Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    rows = len(result.truth)
    return sum(
        part.rows / rows * abs(part.accuracy - part.confidence) for part in calibration(result)
    )


def confidence_bins(confidence: Floats) -> Ints:
    """Return each confidence's bin, 0 to 14, of the intervals (b/15, (b+1)/15]."""
    places = np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1
    return places.clip(0, CALIBRATION_BINS - 1)


def worst(result: Predictions, count: int) -> Ints:
    """Return the rows of the wrong predictions held most confidently; of equals, the earlier."""
    wrong = np.flatnonzero(~result.correct)
    order = np.argsort(-result.confidence[wrong], kind="stable")
    return wrong[order][:count]


def rounded(value: float | None) -> float | None:
    """Round to six digits, so that equal results are equal bytes; None stays None."""
    # The sum turns -0.0 into 0.0.
    return None if value is None else round(value, 6) + 0.0


def _by_class(result: Predictions, numbers: Ints, average: str | None) -> tuple[Any, Any, Any, Any]:
    scores: tuple[Any, Any, Any, Any] = precision_recall_fscore_support(
        result.truth, result.predicted, labels=numbers, average=average, zero_division=0.0
    )
    return scores


def _roc_auc(result: Predictions) -> float | None:
    """Two classes: the second is the positive one. More: the mean, each against the rest."""
    areas = areas_under_roc(result)
    chosen = areas[1:] if len(result.labels) == 2 else areas[~np.isnan(areas)]
    return _known(float(chosen.mean())) if len(chosen) else None


def areas_under_roc(result: Predictions) -> Floats:
    """Return each class's area under the ROC curve against the rest; NaN where either is missing.

    The Mann-Whitney form: how often a row of the class ranks above one of the rest, ties by half.
    """
    own = result.truth[:, None] == np.arange(len(result.labels))
    positives = own.sum(axis=0)
    negatives = len(own) - positives
    ranks = (rankdata(result.probabilities, axis=0) * own).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        areas: Floats = (ranks - positives * (positives + 1) / 2) / (positives * negatives)
    return areas


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
