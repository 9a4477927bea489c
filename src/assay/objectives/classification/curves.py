"""The table behind the plots of DVC: confusion, ROC, calibration and slices of a classifier.

Reads and writes nothing. ``plots.json`` beside this module is the Vega-Lite template that draws it
in ``dvc plots show`` and ``dvc plots diff``: DVC has one template for a folder of plots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from assay.objectives.classification import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.classification.metrics import Floats, Predictions
    from assay.objectives.classification.slices import Slice

# More points than this a curve no screen shows.
POINTS = 200
COLUMNS = ["plot", "series", "x", "y", "rows"]


def table(result: Predictions, slices: Sequence[Slice]) -> pd.DataFrame:
    """Return ``plot, series, x, y, rows``, a row a point of one of four plots.

    ``confusion``: x is the predicted class, y the actual one, rows how often; cells without rows
    are left out. ``roc``: x is the false positive rate, y the true positive rate, series the
    class. ``calibration``: x is the mean confidence of a bin, y its accuracy. ``slices``: series
    is the slice, x its accuracy.
    """
    parts = [confusion(result), roc(result), calibration(result), by_slice(slices)]
    return pd.concat(parts, ignore_index=True)


def confusion(result: Predictions) -> pd.DataFrame:
    """Return the cells of the confusion matrix that hold rows."""
    counts = metrics.confusion(result)
    cells = [
        ("confusion", "", result.labels[predicted], result.labels[actual], int(count))
        for (actual, predicted), count in np.ndenumerate(counts)
        if count
    ]
    return pd.DataFrame(cells, columns=COLUMNS).astype({"x": object, "y": object})


def calibration(result: Predictions) -> pd.DataFrame:
    """Return the bins of the reliability diagram that hold rows."""
    points = [
        ("calibration", "", _digits(part.confidence), _digits(part.accuracy), part.rows)
        for part in metrics.calibration(result)
    ]
    return pd.DataFrame(points, columns=COLUMNS).astype({"x": object, "y": object})


def by_slice(slices: Sequence[Slice]) -> pd.DataFrame:
    """Return the accuracy of each slice."""
    points = [
        ("slices", f"{part.slicing}: {part.name}", _digits(part.model["accuracy"]), "", part.rows)
        for part in slices
    ]
    return pd.DataFrame(points, columns=COLUMNS).astype({"x": object, "y": object})


def roc(result: Predictions) -> pd.DataFrame:
    """Return the ROC curve of each class against the rest.

    Two classes have one curve, that of the second. A class that is absent, or everything, has none.
    """
    points = [
        ("roc", result.labels[number], _digits(false), _digits(true), "")
        for number in ([1] if len(result.labels) == 2 else result.present)
        for false, true in _thinned(roc_of(result, int(number)))
    ]
    return pd.DataFrame(points, columns=COLUMNS).astype({"x": object, "y": object})


def _thinned(curve: tuple[Floats, Floats] | None) -> list[tuple[float, float]]:
    if curve is None:
        return []
    false, true = curve
    kept = np.unique(np.linspace(0, len(false) - 1, POINTS).round().astype(np.int64))
    return [(float(false[place]), float(true[place])) for place in kept]


def _digits(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def roc_of(result: Predictions, number: int) -> tuple[Floats, Floats] | None:
    """Return false and true positive rates of one class against the rest, None if undefined."""
    actual = result.truth == number
    if actual.all() or not actual.any():
        return None
    false, true, _ = roc_curve(actual, result.probabilities[:, number])
    return false, true
