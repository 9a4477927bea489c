from __future__ import annotations

import itertools

import numpy as np
import pytest

from assay.objectives.generation.pixel_histograms import BINARY_VALUES, fit


def images(count: int, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.binomial(255, [[[0.1], [0.7]]], (count, 1, 2, 1)).astype(np.uint8)


def test_probabilities_of_all_images_sum_to_one() -> None:
    every = np.array(list(itertools.product(range(256), repeat=2)), dtype=np.uint8)
    model = fit(images(300))
    found = np.exp(model.log_probabilities(every.reshape(-1, 1, 2, 1)))
    assert found.sum() == pytest.approx(1)
    assert (found > 0).all()


def test_shares_are_counts_and_a_half() -> None:
    given = np.array([[0, 255], [0, 0], [255, 0]], dtype=np.uint8).reshape(3, 1, 2, 1)
    model = fit(given, BINARY_VALUES)
    np.testing.assert_allclose(model.shares, [[2.5 / 4, 1.5 / 4], [2.5 / 4, 1.5 / 4]])
    found = model.log_probabilities(given)
    np.testing.assert_allclose(found, np.log([2.5 * 1.5 / 16, 2.5 * 2.5 / 16, 1.5 * 2.5 / 16]))


def test_held_out_images_have_about_the_entropy() -> None:
    model = fit(images(20_000))
    found = -model.log_probabilities(images(2000, seed=2)).mean()
    variances = 255 * np.array([0.1 * 0.9, 0.7 * 0.3])
    entropy = 0.5 * np.log(2 * np.pi * np.e * variances).sum()
    assert found == pytest.approx(entropy, abs=0.1)


def test_samples_follow_the_histograms() -> None:
    model = fit(images(1000))
    drawn = model.sample(20_000, 1)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (20_000, 1, 2, 1)
    again = fit(drawn)
    np.testing.assert_allclose(again.shares, model.shares, atol=0.02)
    np.testing.assert_array_equal(drawn[:9], model.sample(9, 1))
    assert not np.array_equal(drawn[:9], model.sample(9, 2))


def test_binarised_samples_are_binary() -> None:
    model = fit(np.full((5, 2, 2, 1), 255, dtype=np.uint8), BINARY_VALUES)
    assert set(model.sample(200, 1).flatten().tolist()) == {0, 255}


@pytest.mark.parametrize(
    "asked", [np.full((1, 2, 2, 1), 7, np.uint8), np.zeros((1, 2, 3, 1), np.uint8)]
)
def test_images_of_another_kind_are_refused(asked: np.ndarray) -> None:
    model = fit(np.zeros((5, 2, 2, 1), dtype=np.uint8), BINARY_VALUES)
    with pytest.raises(ValueError, match=r"values among \[  0 255\]"):
        model.log_probabilities(asked)


def test_grey_images_are_not_taken_for_binarised_ones() -> None:
    with pytest.raises(ValueError, match="2 in all"):
        fit(images(10), BINARY_VALUES)
