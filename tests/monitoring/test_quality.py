"""The estimate of quality without labels follows inputs that get harder, and knows its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.monitoring.quality import estimate

if TYPE_CHECKING:
    from assay.monitoring.two_sample import FloatArray


def answers(rows: int, seed: int, skill: float) -> tuple[FloatArray, np.ndarray[Any, Any]]:
    """Return calibrated probabilities of three classes, and whether the greatest is right."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, skill, (rows, 3))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (probabilities.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1)
    return probabilities, probabilities.argmax(axis=1) == truth


def test_calibrated_answers_to_harder_inputs_are_estimated() -> None:
    known, right = answers(4000, 0, 3.0)
    covered = 0
    for seed in range(1, 201):
        harder, truth = answers(1000, seed, 1.0)
        found = estimate(known, right, harder)
        assert found is not None
        # What is true of these rows varies around what is to be expected, as they do.
        noise = 1.96 * (truth.mean() * (1 - truth.mean()) / len(truth)) ** 0.5
        covered += found.low - noise <= truth.mean() <= found.high + noise
        assert found.measured - found.estimated > 0.15
    assert covered >= 186  # of 95 %, less three standard deviations


def test_confidence_that_is_no_share_of_right_answers_shows() -> None:
    known, right = answers(4000, 0, 2.0)
    sure = np.sqrt(known) / np.sqrt(known).sum(axis=1, keepdims=True)
    found = estimate(sure, right, sure)
    assert found is not None
    assert found.expected < found.measured - 0.05


def test_without_change_the_estimate_is_what_was_expected() -> None:
    known, right = answers(500, 0, 2.0)
    found = estimate(known, right, known)
    assert found is not None
    assert found.estimated == pytest.approx(found.expected)
    assert (found.rows_reference, found.rows_current) == (500, 500)


def test_few_rows_have_no_estimate() -> None:
    known, right = answers(500, 0, 2.0)
    assert estimate(known, right, known[:19]) is None
    assert estimate(known[:19], right[:19], known) is None
