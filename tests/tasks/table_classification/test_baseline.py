from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.objectives.classification.baselines import best, score
from assay.settings.table import TableIngest
from assay.tasks.table_classification.baseline import BOOSTING, LOGISTIC, fitted
from tests.tasks.table_classification.made import (
    CATEGORIES,
    NUMBERS,
    THREE,
    TWO,
    people,
    settings,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Parts = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]

COLUMNS = settings().ingest


def _parts(labels: tuple[str, ...], columns: TableIngest = COLUMNS) -> Parts:
    model = settings(columns.numbers, columns.categories, labels)
    return _three(lambda rows, seed: typed(people(rows, labels, seed), model))


def _three(part: Callable[[int, int], pd.DataFrame]) -> Parts:
    return part(300, 0), part(100, 1), part(60, 2)


@pytest.mark.parametrize("labels", [TWO, THREE])
def test_it_learns_and_gives_probabilities_in_label_order(labels: tuple[str, ...]) -> None:
    train, validation, test = _parts(labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        both = fitted(train, validation, test, COLUMNS, labels, 1)
    turned = fitted(train, validation, test, COLUMNS, labels[::-1], 1)
    assert [one.name for one in both] == [LOGISTIC, BOOSTING]
    for one, other in zip(both, turned, strict=True):
        for found, part in ((one.validation, validation), (one.test, test)):
            np.testing.assert_allclose(found.sum(axis=1), 1)
            right = np.array(labels)[found.argmax(axis=1)] == part["label"]
            assert right.mean() > 1.5 / len(labels)
        np.testing.assert_allclose(other.test, one.test[:, ::-1], atol=1e-6)


def test_equal_input_gives_equal_bits() -> None:
    first, second = (fitted(*_parts(TWO), COLUMNS, TWO, 1) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.validation, two.validation)
        np.testing.assert_array_equal(one.test, two.test)


def _drawn(rows: int, seed: int) -> pd.DataFrame:
    """Return rows that are class b where the number lies inside of a band."""
    x = np.random.default_rng(seed).uniform(-1, 1, rows)
    return pd.DataFrame({"x": x, "label": np.where(abs(x) < 0.5, "b", "a")})


def _chosen(parts: Parts) -> str:
    found = fitted(*parts, TableIngest(numbers=("x",)), ("a", "b"), 1)
    validation, test = (part["label"].tolist() for part in parts[1:])
    return best(score(found, validation, test, ("a", "b"))).name


def test_each_has_data_on_which_it_is_the_better_one() -> None:
    def straight(rows: int, seed: int) -> pd.DataFrame:
        part = _drawn(rows, seed)
        return part.assign(label=np.where(part["x"] > 0, "b", "a"))

    assert _chosen(_three(_drawn)) == BOOSTING
    assert _chosen(_three(straight)) == LOGISTIC


@pytest.mark.parametrize(
    "columns",
    [
        TableIngest(numbers=NUMBERS),
        TableIngest(categories=CATEGORIES),
        TableIngest(categories=CATEGORIES[:1]),
    ],
)
def test_one_kind_of_columns_is_enough(columns: TableIngest) -> None:
    for found in fitted(*_parts(TWO, columns), columns, TWO, 1):
        np.testing.assert_allclose(found.test.sum(axis=1), 1)


def test_odd_columns_are_no_hindrance() -> None:
    """One without a number, one of huge ones, one of very many categories, one of unknown ones."""
    columns = TableIngest(numbers=("age", "none", "huge"), categories=("many", "new"))
    parts = []
    for seed, part in enumerate(_parts(TWO)):
        many = [f"c{row}" for row in np.random.default_rng(seed).integers(0, 400, len(part))]
        huge = np.where(part["age"] > 50, 1e30, -1e30)
        parts.append(part.assign(none=np.nan, huge=huge, many=many, new=f"of part {seed}"))
    train, validation, test = parts
    train = pd.concat([train] * 8, ignore_index=True)
    for found in fitted(train, validation, test, columns, TWO, 1):
        assert np.isfinite(found.test).all()


def test_a_class_that_train_lacks_gets_no_probability() -> None:
    labels = ("never", *TWO)
    for found in fitted(*_parts(TWO), COLUMNS, labels, 1):
        assert not found.test[:, 0].any()
        np.testing.assert_allclose(found.test.sum(axis=1), 1)
