from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.bundle.classifier import Classifier
from assay.modalities.table.encoding import of_bundle, records
from assay.objectives.classification import metrics
from assay.paths import ModelPaths
from assay.tasks.table_classification.importance import importance
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

    from assay.objectives.classification.metrics import Predictions

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
COLUMNS = ["age", "debt", "job", "branch"]


@pytest.fixture
def bundle(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    monkeypatch.chdir(made.built_table(checkpoint))
    return Classifier.open(FILES.bundle, of_bundle, threads=1)


def _asked(bundle: Classifier, table: pd.DataFrame) -> Predictions:
    found = bundle.predict(records(table)).probabilities
    return metrics.predictions(table["label"].tolist(), found, bundle.labels)


def test_columns_that_decide_come_first(bundle: Classifier) -> None:
    table = pd.concat([pd.read_parquet(FILES.split(name)) for name in ("train", "test")])
    found = importance(bundle, table, _asked(bundle, table), COLUMNS, seed=1)
    assert list(found.columns) == ["column", "accuracy_lost"]
    assert found["accuracy_lost"].is_monotonic_decreasing
    lost = dict(zip(found["column"], found["accuracy_lost"], strict=True))
    assert set(lost) == set(COLUMNS)
    assert min(lost["age"], lost["debt"]) > 0.05
    assert abs(lost["branch"]) < 0.03


def test_equal_seeds_give_equal_figures(bundle: Classifier) -> None:
    table = pd.read_parquet(FILES.split("test"))
    model = _asked(bundle, table)
    first, second, other = (
        importance(bundle, table, model, COLUMNS, seed=seed) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, second)
    assert not np.array_equal(first.sort_index(), other.sort_index())


def test_a_column_of_one_value_loses_nothing(bundle: Classifier) -> None:
    table = pd.read_parquet(FILES.split("test")).assign(job="clerk", debt=np.nan)
    found = importance(bundle, table, _asked(bundle, table), ["job", "debt"], seed=1)
    assert found["accuracy_lost"].tolist() == [0.0, 0.0]


def test_one_row_is_enough(bundle: Classifier) -> None:
    table = pd.read_parquet(FILES.split("test")).head(1)
    found = importance(bundle, table, _asked(bundle, table), COLUMNS, seed=1)
    assert found["accuracy_lost"].tolist() == [0.0] * 4


def test_at_most_twenty_columns_are_shown(bundle: Classifier) -> None:
    table = pd.read_parquet(FILES.split("test")).head(5)
    names = [f"more {number}" for number in range(30)]
    table = table.assign(**dict.fromkeys(names, "x"))
    assert len(importance(bundle, table, _asked(bundle, table), names, seed=1)) == 20
