from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from assay.objectives.classification.logistic import logistic

if TYPE_CHECKING:
    import pytest

RANDOM = np.random.default_rng(0)
LABELS = ["bad", "good"]
TRAIN = [LABELS[row % 2] for row in range(60)]
# One feature tells the class, two are noise.
FEATURES = np.column_stack([np.arange(60) % 2 * 2.0 - 1, *RANDOM.normal(size=(2, 60))])
ASKED = np.array([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])


def fit(labels: list[str], train: list[str] = TRAIN, strength: float = 1.0) -> np.ndarray:
    return logistic(FEATURES, train, ASKED, labels, 13, strength=strength)


def test_it_learns_and_gives_probabilities_in_label_order() -> None:
    found = fit(LABELS)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_array_equal(fit(LABELS[::-1]), found[:, ::-1])


def test_equal_input_gives_equal_bits() -> None:
    np.testing.assert_array_equal(fit(LABELS), fit(LABELS))


def test_sparse_features_are_those_of_dense_ones() -> None:
    found = logistic(csr_matrix(FEATURES), TRAIN, csr_matrix(ASKED), LABELS, 13, strength=1.0)
    np.testing.assert_allclose(found, fit(LABELS), atol=1e-4)


def test_a_class_that_train_lacks_gets_no_probability() -> None:
    found = fit(["bad", "odd", "good"])
    assert found[:, 1].tolist() == [0, 0]
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_a_single_class_is_always_the_answer() -> None:
    assert fit(["w", "x"], ["x"] * 60).tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_less_strength_makes_answers_less_sure() -> None:
    assert fit(LABELS, strength=0.01).max() < fit(LABELS, strength=10).max()


def test_a_solver_that_stops_early_says_nothing(recwarn: pytest.WarningsRecorder) -> None:
    found = logistic(FEATURES, TRAIN, ASKED, LABELS, 13, strength=1000.0, steps=1)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert not recwarn.list
