"""What a table classifier must beat: logistic regression and gradient boosting.

Reads and writes nothing. Deterministic: one thread, and every draw from the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from assay.objectives.classification.baselines import Baseline, divided
from assay.objectives.classification.logistic import logistic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.objectives.classification.metrics import Floats
    from assay.settings.table import TableIngest

    # Features of the train rows, their labels, features to answer for -> probabilities.
    Fit = Callable[[pd.DataFrame, list[str], pd.DataFrame], Floats]

LOGISTIC, BOOSTING = "logistic regression", "gradient boosting"
NUMBERS, CATEGORIES = "numbers", "categories"
# Rarer categories share one column.
FEWEST = 5
# Of gradient boosting: the most categories of one column that scikit-learn takes.
MOST_CATEGORIES = 255


def fitted(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    test: pd.DataFrame,
    columns: TableIngest,
    labels: Sequence[str],
    seed: int,
) -> list[Baseline]:
    """Fit both on the train split, and answer for the rows of both other splits."""
    fits = {LOGISTIC: _logistic(columns, labels, seed), BOOSTING: _boosting(columns, labels, seed)}
    names = train["label"].astype(str).tolist()
    asked = pd.concat([validation, test], ignore_index=True)
    return [divided(name, fit(train, names, asked), len(validation)) for name, fit in fits.items()]


def _logistic(columns: TableIngest, labels: Sequence[str], seed: int) -> Fit:
    """Return logistic regression on standardised numbers and one column a category."""

    def fit(train: pd.DataFrame, names: list[str], asked: pd.DataFrame) -> Floats:
        numbers = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
        )
        categories = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=FEWEST)
        features = ColumnTransformer(
            [
                (NUMBERS, numbers, list(columns.numbers)),
                (CATEGORIES, categories, list(columns.categories)),
            ]
        )
        learned = features.fit_transform(train)
        return logistic(learned, names, features.transform(asked), labels, seed, strength=1.0)

    return fit


def _boosting(columns: TableIngest, labels: Sequence[str], seed: int) -> Fit:
    """Return scikit-learn's histogram gradient boosting with its defaults."""

    def fit(train: pd.DataFrame, names: list[str], asked: pd.DataFrame) -> Floats:
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
            max_categories=MOST_CATEGORIES,
            min_frequency=FEWEST,
        )
        texts = list(columns.categories)
        known = encoder.fit_transform(train[texts]) if texts else np.zeros((len(train), 0))
        unseen = encoder.transform(asked[texts]) if texts else np.zeros((len(asked), 0))
        # scikit-learn does not take a column without any number.
        numbers = [name for name in columns.numbers if train[name].notna().any()]
        flags = [False] * len(numbers) + [True] * len(texts)
        model = HistGradientBoostingClassifier(categorical_features=flags, random_state=seed)
        with threadpool_limits(limits=1):
            model.fit(_joined(train, numbers, known), names)
            found = model.predict_proba(_joined(asked, numbers, unseen))
        answer = np.zeros((len(asked), len(labels)))
        answer[:, [list(labels).index(str(name)) for name in model.classes_]] = found
        return answer

    return fit


def _joined(table: pd.DataFrame, numbers: list[str], codes: Any) -> Floats:
    values = table[numbers].to_numpy(dtype=np.float64)
    return np.hstack([values.reshape(len(table), len(numbers)), codes])
