from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from assay.objectives.classification import calibration, metrics
from assay.objectives.classification.metrics import Predictions
from tests.objectives.classification.made import certain, drawn

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

NO_ROW = np.zeros((0, 3))


def sample(temperature: float, rows: int = 20_000, classes: int = 4) -> tuple[Array, Array]:
    """Return logits, and labels drawn from what the logits say at this temperature."""
    random = np.random.default_rng(7)
    logits = 3 * random.normal(size=(rows, classes))
    labels = (random.gumbel(size=logits.shape) + logits / temperature).argmax(axis=1)
    return logits, labels


def right(rows: int, classes: int = 3, margin: float = 1.0) -> tuple[Array, Array]:
    """Return logits that are right in every row."""
    labels = np.arange(rows) % classes
    return margin * np.eye(classes)[labels], labels


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1.0, 2.5, 9.0])
@pytest.mark.parametrize("classes", [2, 10])
def test_the_temperature_that_labels_were_drawn_at_is_found(
    temperature: float, classes: int
) -> None:
    found = calibration.fit(*sample(temperature, classes=classes))
    assert found.value == pytest.approx(temperature, rel=0.04)
    assert found.value == float(f"{found.value:.4g}"), "four digits"


def test_no_temperature_beside_it_is_likelier() -> None:
    logits, labels = sample(1.7)

    def loss(temperature: float) -> float:
        likely = log_softmax(logits / temperature, axis=1)
        return float(-likely[np.arange(len(labels)), labels].mean())

    found = calibration.fit(logits, labels)
    assert found.before == pytest.approx(loss(1))
    assert found.after == pytest.approx(loss(found.value))
    others = [loss(found.value * factor) for factor in (0.2, 0.9, 0.99, 1.01, 1.1, 5)]
    assert found.after < min(others)


def test_neither_the_type_nor_a_number_for_a_row_changes_it() -> None:
    logits, labels = sample(0.6, rows=500)
    single = logits.astype(np.float32)
    expected = calibration.fit(single, labels)
    assert calibration.fit(single.astype(np.float64), labels) == expected
    moved = logits + np.arange(500)[:, None]
    assert calibration.fit(moved, labels).value == calibration.fit(logits, labels).value


@pytest.mark.parametrize("rows", [6, 60, 6000])
def test_rows_that_are_all_right_make_no_more_sure_than_their_number(rows: int) -> None:
    logits, labels = right(rows)
    found = calibration.fit(logits, labels)
    assert found.after < found.before
    doubt = 1 - softmax(logits / found.value, axis=1).max()
    # Of n + 2 chances one is left open, a third of it for the class itself.
    assert doubt == pytest.approx(2 / 3 / (rows + 2), rel=0.01)


def test_it_keeps_within_its_bounds() -> None:
    logits, labels = right(60)
    assert calibration.fit(logits / 1000, labels).value == 0.05
    assert calibration.fit(logits * 1000, labels).value == 20
    assert calibration.fit(-logits, labels).value == 20, "always wrong"


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (NO_ROW, []),
        (np.eye(3)[[0, 0, 0]], [0, 0, 0]),
        (np.ones((4, 3)), [0, 1, 2, 0]),
        (np.arange(4)[:, None] * np.ones(3), [0, 1, 2, 0]),
        (np.array([[np.nan, 1.0], [0.0, 1.0]]), [0, 1]),
    ],
    ids=["no row", "one class", "equal logits", "equal in each row", "not a number"],
)
def test_rows_that_tell_nothing_leave_logits_as_they_are(logits: Array, labels: list[int]) -> None:
    assert calibration.fit(logits, np.array(labels, dtype=np.int64)).value == 1


@pytest.mark.parametrize("temperature", [0.05, 0.5462, 1.0, 3.0, 20.0])
def test_what_was_scaled_is_as_it_was_before(temperature: float) -> None:
    plain = drawn(300, 5, 2.0, 1)
    scaled = softmax(np.log(plain.probabilities) / temperature, axis=1)
    served = Predictions(plain.truth, scaled, plain.labels)
    found = calibration.unscaled(served, temperature)
    np.testing.assert_allclose(found.probabilities, plain.probabilities, rtol=1e-9)
    assert metrics.figures(found) == pytest.approx(metrics.figures(plain))


@pytest.mark.filterwarnings("error")
def test_answers_that_are_certain_stay_so() -> None:
    sure = certain([0, 1, 2], [0, 1, 1], 3)
    found = calibration.unscaled(sure, 0.5)
    assert np.array_equal(found.probabilities, sure.probabilities)
