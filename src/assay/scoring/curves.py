"""The tables behind the plots of DVC, as ``dvc plots show`` and ``dvc plots diff`` read them.

Reads and writes nothing. ``roc.json`` beside this module is the Vega template of the ROC plot:
DVC's own templates draw one line a revision, not one a class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from assay.scoring import metrics

if TYPE_CHECKING:
    from assay.scoring.metrics import Floats, Outcome

# More points than this a curve no screen shows.
POINTS = 200


def confusion(result: Outcome) -> pd.DataFrame:
    """Return ``actual, predicted``, a row a test row: DVC's template counts them itself."""
    names = np.array(result.labels, dtype=object)
    return pd.DataFrame({"actual": names[result.truth], "predicted": names[result.predicted]})


def calibration(result: Outcome) -> pd.DataFrame:
    """Return ``confidence, accuracy, rows``, a row a bin that holds rows."""
    bins = metrics.calibration(result)
    return pd.DataFrame(
        {
            "confidence": [part.confidence for part in bins],
            "accuracy": [part.accuracy for part in bins],
            "rows": [part.rows for part in bins],
        }
    )


def roc(result: Outcome) -> pd.DataFrame:
    """Return ``false_positive_rate, true_positive_rate, label``: a curve a class.

    Two classes have one curve, that of the second. A class that is absent, or everything, has none.
    """
    parts = []
    for number in [1] if len(result.labels) == 2 else result.present:
        if (curve := roc_of(result, int(number))) is None:
            continue
        false, true = curve
        kept = np.unique(np.linspace(0, len(false) - 1, POINTS).round().astype(np.int64))
        parts.append(
            pd.DataFrame(
                {
                    "false_positive_rate": false[kept],
                    "true_positive_rate": true[kept],
                    "label": result.labels[number],
                }
            )
        )
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns=["false_positive_rate", "true_positive_rate", "label"])


def roc_of(result: Outcome, number: int) -> tuple[Floats, Floats] | None:
    """Return false and true positive rates of one class against the rest, None if undefined."""
    actual = result.truth == number
    if actual.all() or not actual.any():
        return None
    false, true, _ = roc_curve(actual, result.probabilities[:, number])
    return false, true
