from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from assay.objectives.generation import image_baselines
from assay.objectives.generation.image_baselines import PcaGaussians, fit, mixed


def images(count: int, seed: int = 1) -> np.ndarray:
    """Two kinds of small images: bright on the left, or bright on the right, at varied strength."""
    random = np.random.default_rng(seed)
    found = random.normal(20, 4, (count, 4, 6, 1))
    right = random.random(count) < 0.5
    strength = random.uniform(80, 180, (count, 1, 1, 1))
    found[right, :, 3:] += strength[right]
    found[~right, :, :3] += strength[~right]
    return found.clip(0, 255).astype(np.uint8)


def mixture(train: np.ndarray, latents: int, gaussians: int, seed: int) -> PcaGaussians:
    """Return a mixture of Gaussians, or a single one, on the components of train images."""
    single = fit(train, latents)
    return single if gaussians == 1 else mixed(single, train, gaussians, seed)


def covariance(model: PcaGaussians) -> np.ndarray:
    """That of probabilistic PCA, written as Tipping and Bishop do: WW' + s^2 I."""
    values = np.diag(model.mixture.roots[0]) ** 2
    directions = model.components * np.sqrt(values - model.noise)
    return directions @ directions.T + model.noise * np.eye(len(model.mean))


def test_the_bound_of_one_gaussian_is_that_of_the_closed_form() -> None:
    """E log N(x + u) = log N(x + 1/2) - tr(C^-1) / 24, as the variance of u is 1/12."""
    model, held_out = fit(images(2000), 3), images(40, seed=2)
    centre = held_out.reshape(40, -1) + 0.5
    full = covariance(model)
    exact = stats.multivariate_normal.logpdf(centre, model.mean, full)
    exact -= np.trace(np.linalg.inv(full)) / 24
    np.testing.assert_allclose(model.bounds(held_out, 200, 1), exact, atol=0.02)


def test_no_more_than_all_probability_is_given_to_the_images() -> None:
    """All 65,536 images of two pixels: exponentials of lower bounds sum to 1 or less."""
    every = np.array(list(itertools.product(range(256), repeat=2)), dtype=np.uint8)
    random = np.random.default_rng(3)
    train = random.normal([100, 120], [6, 3], (500, 2)).clip(0, 255).astype(np.uint8)
    model = mixture(train.reshape(-1, 1, 2, 1), 1, 2, 1)
    total = np.exp(model.bounds(every.reshape(-1, 1, 2, 1), 4, 1)).sum()
    assert 0.95 < total <= 1


def test_the_fit_is_that_of_the_train_images() -> None:
    train = images(3000)
    model = fit(train, 3)
    flat = train.reshape(3000, -1) + np.random.default_rng(5).random((3000, 24))
    np.testing.assert_allclose(model.mean, flat.mean(axis=0), atol=0.05)
    values = np.linalg.eigvalsh(np.cov(flat, rowvar=False))[::-1]
    np.testing.assert_allclose(np.diag(model.mixture.roots[0]) ** 2, values[:3], rtol=0.01)
    assert model.noise == pytest.approx(values[3:].mean(), rel=0.01)
    np.testing.assert_allclose(model.components.T @ model.components, np.eye(3), atol=1e-12)


def test_a_mixture_knows_two_kinds_of_images() -> None:
    train, held_out = images(2000), images(300, seed=2)
    single, both = fit(train, 2), mixture(train, 2, 2, 1)
    gain = both.bounds(held_out, 4, 1) - single.bounds(held_out, 4, 1)
    assert gain.mean() > 0.5
    assert both.mixture.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("gaussians", [1, 3])
def test_samples_are_of_the_density(gaussians: int) -> None:
    train = images(2000) // 2 + 64  # so far from 0 and 255 that no sample is cut
    model = mixture(train, 2, gaussians, 1)
    drawn = model.sample(4000, 1)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (4000, 4, 6, 1)
    flat = [each.reshape(len(each), -1).astype(float) for each in (train, drawn)]
    np.testing.assert_allclose(flat[1].mean(axis=0), flat[0].mean(axis=0), atol=2)
    first, second = (np.trace(np.cov(each, rowvar=False)) for each in flat)
    assert second == pytest.approx(first, rel=0.05)
    # What a density gives to its own samples is what it gives to what it was fitted on.
    given = [model.bounds(each, 2, 1).mean() for each in (train, drawn)]
    assert given[1] == pytest.approx(given[0], abs=1)


def test_samples_without_noise_lie_on_the_components() -> None:
    model = mixture(images(2000), 2, 2, 1)
    smooth = model.sample(200, 1, noise=False).reshape(200, -1)
    centred = smooth[(smooth > 0).all(axis=1)] + 0.5 - model.mean  # none was cut
    left = centred - centred @ model.components @ model.components.T
    assert len(left) > 50
    # What is left is the rounding to levels.
    assert np.square(left).mean() < 1.1 / 12 < model.noise / 10


def test_a_seed_decides_the_samples_and_the_mixture() -> None:
    one, again = (mixture(images(500), 2, 3, 7) for _ in range(2))
    np.testing.assert_array_equal(one.mixture.means, again.mixture.means)
    np.testing.assert_array_equal(one.sample(9, 5), again.sample(9, 5))
    assert not np.array_equal(one.sample(9, 5), one.sample(9, 6))


def test_pixels_that_never_vary_are_no_trouble() -> None:
    """As the corners of handwritten digits: black on every image."""
    train = images(500)
    train[:, 0] = 0
    model = mixture(train, 3, 2, 1)
    held_out = images(50, seed=3)
    held_out[:, 0] = 0
    assert np.isfinite(model.bounds(held_out, 2, 1)).all()


def test_parts_change_nothing_but_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    train, held_out = images(200), images(33, seed=2)
    whole = fit(train, 3)
    monkeypatch.setattr(image_baselines, "CHUNK", 10)
    parts = fit(train, 3)
    np.testing.assert_allclose(parts.mean, whole.mean)
    np.testing.assert_allclose(parts.mixture.roots, whole.mixture.roots)
    assert parts.bounds(held_out, 2, 1).shape == (33,)


@pytest.mark.parametrize("latents", [0, 24])
def test_what_cannot_be_fitted_is_refused(latents: int) -> None:
    with pytest.raises(ValueError, match="for 10 images of 24 dimensions"):
        fit(images(10), latents)


@pytest.mark.parametrize("gaussians", [0, 11])
def test_as_many_gaussians_as_have_no_images_are_refused(gaussians: int) -> None:
    train = images(10)
    with pytest.raises(ValueError, match=f"{gaussians} Gaussians for 10 latents"):
        mixed(fit(train, 3), train, gaussians, 1)
