from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.generation import image_figures
from tests.objectives.generation import images_made as made


def compared(bits: float, baseline: float) -> image_figures.Compared:
    base = made.log_weights(baseline, 3)[:, 0]
    return image_figures.compare(made.log_weights(bits), base, made.DIMENSIONS, 200, 1)


def test_bits_per_dimension_decide() -> None:
    found = compared(3.0, 4.0)
    assert found.better == "model"
    assert compared(4.0, 3.0).better == "baseline"
    assert compared(3.0, 2.995).better == "neither"
    metrics = found.metrics()
    assert [one.name for one in metrics if one.decisive] == ["bits_per_dimension"]
    bits, bound, elbo = metrics
    assert bits.value == pytest.approx(3.0, abs=0.1)
    assert bits.baseline == pytest.approx(4.0, abs=0.1)
    assert bits.difference == pytest.approx((bits.value or 0) - (bits.baseline or 0), abs=1e-5)
    assert bound.value == pytest.approx((bits.value or 0) * np.log(2) * made.DIMENSIONS, rel=1e-5)
    assert (elbo.value or 0) > (bound.value or 0)
    for one in metrics:
        assert (one.low or 0) <= (one.value or 0) <= (one.high or 0)
        assert not one.higher_is_better


def test_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="expected the same images"):
        image_figures.compare(made.log_weights(3.0), np.zeros(3), made.DIMENSIONS, 200, 1)


def test_a_reconstruction_error_has_an_interval_and_latents_are_counted() -> None:
    errors = np.random.default_rng(0).random(100)
    metric = image_figures.reconstruction(errors, 200, 1)
    assert metric.value == pytest.approx(errors.mean(), abs=1e-6)
    assert (metric.low or 0) < (metric.value or 0) < (metric.high or 0)
    means = np.zeros((50, 4))
    means[:, 1] = np.random.default_rng(0).normal(size=50)
    assert image_figures.active(means).value == 1


def test_how_samples_look_is_no_decision() -> None:
    distance, precision, recall = made.DRAWN.metrics()
    assert (distance.value, distance.baseline) == (3.0, 4.0)
    assert (precision.value, recall.value) == (0.5, 0.25)
    assert precision.higher_is_better
    assert not any(one.decisive for one in (distance, precision, recall))
