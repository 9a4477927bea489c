from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.generation import intervals
from assay.objectives.generation.intervals import Estimate, estimate, resampled


def test_sums_are_those_of_drawing_row_by_row() -> None:
    columns = np.random.default_rng(1).normal(size=(7, 3))
    drawn = np.random.Generator(np.random.PCG64(5)).integers(0, 7, (11, 7))
    expected = [sum(columns[row] for row in rows) for rows in drawn]
    np.testing.assert_allclose(resampled(columns, 11, 5), expected, rtol=1e-12)


def test_chunks_change_nothing_but_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = np.random.default_rng(2).normal(size=(50, 4))
    whole = resampled(columns, 90, 7)
    monkeypatch.setattr(intervals, "CHUNK", 50 * 8)
    np.testing.assert_array_equal(resampled(columns, 90, 7), whole)


def test_among_one_document_there_is_nothing_to_draw() -> None:
    assert resampled(np.ones((1, 4)), 100, 1).shape == (0, 4)
    assert estimate(3.0, np.zeros(0)) == Estimate(3.0, None, None)


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = np.random.default_rng(3).normal(10, 2, (400, 1))
    drawn = resampled(values, 4000, 1)[:, 0] / 400
    found = estimate(float(values.mean()), drawn)
    error = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - error, abs=0.02)
    assert found.high == pytest.approx(values.mean() + error, abs=0.02)


def test_undefined_draws_take_no_part() -> None:
    drawn = np.append(np.linspace(0, 1, 1001), [np.nan] * 50)
    found = estimate(0.5, drawn)
    assert found.low == pytest.approx(0.025)
    assert found.high == pytest.approx(0.975)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_number_is_none(value: float) -> None:
    assert estimate(value, np.ones(5)) == Estimate(None, None, None)


def test_an_end_that_exceeds_a_float_is_none() -> None:
    found = estimate(2.0, np.array([1.0] * 50 + [np.inf] * 50))
    assert found == Estimate(2.0, 1.0, None)
