from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.objectives.generation import gaussian_mixture
from assay.objectives.generation.gaussian_mixture import Mixture

FLOOR = 1e-3
MIXTURE = Mixture(
    weights=np.array([0.25, 0.75]),
    means=np.array([[0.0, 5.0], [-3.0, 0.0]]),
    roots=np.array([[[1.0, 0.0], [0.5, 0.2]], [[0.3, 0.0], [0.0, 2.0]]]),
)


def drawn(count: int, seed: int = 1) -> np.ndarray:
    return MIXTURE.sample(count, np.random.default_rng(seed))


def test_its_density_is_the_weighted_sum_of_normal_ones() -> None:
    latents = drawn(50)
    parts = [
        weight * stats.multivariate_normal(mean, root @ root.T).pdf(latents)
        for weight, mean, root in zip(MIXTURE.weights, MIXTURE.means, MIXTURE.roots, strict=True)
    ]
    np.testing.assert_allclose(MIXTURE.log_density(latents), np.log(sum(parts)))


def test_draws_have_its_moments() -> None:
    latents = drawn(200_000)
    mean = MIXTURE.weights @ MIXTURE.means
    np.testing.assert_allclose(latents.mean(axis=0), mean, atol=0.03)
    parts = [
        weight * (root @ root.T + np.outer(own - mean, own - mean))
        for weight, own, root in zip(MIXTURE.weights, MIXTURE.means, MIXTURE.roots, strict=True)
    ]
    np.testing.assert_allclose(np.cov(latents.T), sum(parts), rtol=0.03)


def test_the_standard_normal_one_is_that() -> None:
    one = gaussian_mixture.standard_normal(3)
    latents = one.sample(20, np.random.default_rng(2))
    np.testing.assert_allclose(one.log_density(latents), stats.norm.logpdf(latents).sum(axis=1))


def test_a_fit_finds_the_gaussians_that_latents_came_from() -> None:
    latents = drawn(20_000)
    found = gaussian_mixture.fit(latents, 2, 1, FLOOR)
    order = np.argsort(found.weights)
    np.testing.assert_allclose(found.weights[order], MIXTURE.weights, atol=0.01)
    np.testing.assert_allclose(found.means[order], MIXTURE.means, atol=0.1)
    np.testing.assert_allclose(found.roots[order], MIXTURE.roots, atol=0.1)


def test_a_seed_fits_the_same() -> None:
    latents = drawn(500)
    one, again, other = (gaussian_mixture.fit(latents, 5, seed, FLOOR) for seed in (1, 1, 2))
    for name in ("weights", "means", "roots"):
        assert np.array_equal(getattr(one, name), getattr(again, name))
    assert not np.array_equal(one.means, other.means)


def test_latents_that_are_all_the_same_have_the_least_variance() -> None:
    found = gaussian_mixture.fit(np.ones((20, 2)), 1, 1, FLOOR)
    np.testing.assert_allclose(found.roots[0] @ found.roots[0].T, FLOOR * np.eye(2), atol=1e-12)


@pytest.mark.parametrize("gaussians", [0, 11])
def test_more_gaussians_than_latents_or_none_are_refused(gaussians: int) -> None:
    with pytest.raises(ValueError, match=f"{gaussians} Gaussians for 10 latents"):
        gaussian_mixture.fit(drawn(10), gaussians, 1, FLOOR)
