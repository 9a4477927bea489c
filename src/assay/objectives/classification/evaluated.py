"""A bundle, and what it predicts for today's test split.

Reads the bundle that it is given. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.objectives.classification import metrics
from assay.objectives.classification.labels import known_labels
from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from assay.bundle.classifier import Classifier
    from assay.objectives.classification.metrics import Predictions


@dataclass(frozen=True)
class EvaluatedBundle:
    """A bundle with its predictions for the test split.

    Attributes:
        bundle: the opened bundle.
        test: the test split.
        predictions: for the test split, beside its labels.
        inputs_of: returns what the bundle takes of a table's rows.

    """

    bundle: Classifier
    test: pd.DataFrame
    predictions: Predictions
    inputs_of: Callable[[pd.DataFrame], Sequence[Any]]

    def predict(self, table: pd.DataFrame, split: str) -> Predictions:
        """Return the predictions for the rows of another split, as :func:`predict` does."""
        return predict(self.bundle, table, self.inputs_of(table), split)


def predict(
    bundle: Classifier, table: pd.DataFrame, inputs: Sequence[Any], split: str
) -> Predictions:
    """Return the predictions for a split's rows, beside their labels; ``inputs`` are its rows'.

    Raises:
        DataRefused: the split is empty, or holds a label that the bundle does not know.

    """
    truth = known_labels(table, bundle.labels, split)
    with Progress("predicting", len(inputs)) as bar:
        found = bundle.predict(inputs, progress=bar).probabilities
    return metrics.predictions(truth, found, bundle.labels)
