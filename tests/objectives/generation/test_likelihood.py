from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.objectives.generation import likelihood


def log_weights(images: int, samples: int) -> np.ndarray:
    """Those of a model whose log probabilities are known: z ~ N(0, 1), x given z ~ N(z, 1).

    Latents are drawn from N(x/2, 1), which is not the posterior N(x/2, 1/2).
    """
    random = np.random.default_rng(1)
    x = random.normal(0, np.sqrt(2), (images, 1))
    z = x / 2 + random.normal(size=(images, samples))
    joint = stats.norm.logpdf(x, z) + stats.norm.logpdf(z)
    found: np.ndarray = joint - stats.norm.logpdf(z, x / 2)
    return found


def log_probabilities(images: int) -> np.ndarray:
    x = np.random.default_rng(1).normal(0, np.sqrt(2), images)
    found: np.ndarray = stats.norm.logpdf(x, 0, np.sqrt(2))
    return found


def test_the_bound_of_many_samples_is_the_log_probability() -> None:
    found = likelihood.importance_weighted_bounds(log_weights(50, 20_000))
    np.testing.assert_allclose(found, log_probabilities(50), atol=0.03)


def test_the_evidence_lower_bound_is_below_it_by_the_divergence_of_the_posterior() -> None:
    found = likelihood.evidence_lower_bounds(log_weights(50, 20_000))
    divergence = (1 / 0.5 - 1 + np.log(0.5)) / 2  # KL of N(m, 1) from N(m, 1/2)
    np.testing.assert_allclose(found, log_probabilities(50) - divergence, atol=0.05)


def test_more_samples_raise_the_bound() -> None:
    weights = log_weights(2000, 64)
    bounds = [
        likelihood.importance_weighted_bounds(weights[:, :samples]).mean()
        for samples in (1, 4, 16, 64)
    ]
    assert bounds == sorted(bounds)
    assert bounds[0] == pytest.approx(weights[:, 0].mean())


def test_log_weights_that_no_float_is_the_exponential_of() -> None:
    weights = np.array([[-5000.0, -5000.0], [-np.inf, 3000.0]])
    found = likelihood.importance_weighted_bounds(weights)
    np.testing.assert_allclose(found, [-5000, 3000 - np.log(2)])


def test_bits_per_dimension_of_equal_probabilities_are_eight() -> None:
    weights = np.full((30, 5), -784 * np.log(256))
    found = likelihood.figures(weights, 784, 100, 1)
    assert found.bits_per_dimension.value == pytest.approx(8)
    assert found.bits_per_dimension.low == pytest.approx(8)
    assert found.elbo.value == pytest.approx(-784 * np.log(256))
    assert found.samples == 5


def test_intervals_are_those_of_a_mean_over_images() -> None:
    weights = log_weights(500, 8)
    found = likelihood.figures(weights, 1, 4000, 1).importance_weighted
    each = likelihood.importance_weighted_bounds(weights)
    error = 1.96 * each.std() / np.sqrt(500)
    assert found.value == pytest.approx(each.mean())
    assert found.low == pytest.approx(each.mean() - error, abs=0.01)
    assert found.high == pytest.approx(each.mean() + error, abs=0.01)


def test_differences_are_paired() -> None:
    weights = log_weights(200, 8)
    bounds = likelihood.importance_weighted_bounds(weights)[:, None]
    found = likelihood.differences(weights, bounds - 2, 4, 500, 1)
    single = found.importance_weighted
    assert single.value == pytest.approx(2)
    assert single.low == pytest.approx(2)
    assert single.high == pytest.approx(2)
    assert found.bits_per_dimension.value == pytest.approx(-2 / np.log(2) / 4)


def test_models_of_other_images_have_no_difference() -> None:
    with pytest.raises(ValueError, match="3 and 4 images"):
        likelihood.differences(np.zeros((3, 1)), np.zeros((4, 1)), 1, 10, 1)


def test_units_in_use_vary_with_the_image() -> None:
    random = np.random.default_rng(2)
    means = random.normal(size=(4000, 4)) * [1, 0.2, 0.05, 0] + [0, 0, 0, 7]
    assert likelihood.active_units(means).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    "weights", [np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(3), np.array([[np.nan]])]
)
def test_no_weights_are_refused(weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        likelihood.figures(weights, 1, 10, 1)


def test_images_without_a_number_are_refused() -> None:
    with pytest.raises(ValueError, match="0 dimensions"):
        likelihood.figures(np.zeros((3, 1)), 0, 10, 1)
