"""Logistic regression on features: the baseline that a classifier must beat, fitted in seconds.

Reads and writes nothing. Deterministic: the solver draws nothing, and its sums run on one thread,
because another number of threads adds up in another order.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.classification.metrics import Floats


def logistic(
    features: Any,
    train_labels: Sequence[str],
    asked: Any,
    labels: Sequence[str],
    seed: int,
    *,
    strength: float,
    steps: int = 5000,
) -> Floats:
    """Fit logistic regression on ``features``; return probabilities of ``asked``.

    Args:
        features: of shape (rows, features), dense or sparse.
        train_labels: of these rows.
        asked: the features of the rows to answer for.
        labels: the classes in the order of the answer's columns; one without a row gets zeros.
        seed: of the solver, which draws nothing today.
        strength: scikit-learn's ``C``: the smaller, the more the weights are held down.
        steps: the solver's, at most.

    """
    found = sorted(set(train_labels))
    columns = [list(labels).index(label) for label in found]
    probabilities = np.zeros((asked.shape[0], len(labels)))
    if len(found) == 1:
        probabilities[:, columns] = 1.0
        return probabilities
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Steps are bounded on purpose: a baseline that is nearly done is done.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=strength, max_iter=steps, random_state=seed)
        model.fit(features, list(train_labels))
        probabilities[:, columns] = model.predict_proba(asked)
    return probabilities
