from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from assay.objectives.generation.frechet import frechet_distance


def features(rows: int, width: int, seed: int) -> np.ndarray:
    """Correlated ones, as those of a network."""
    random = np.random.default_rng(seed)
    return random.normal(size=(rows, width)) @ random.normal(size=(width, width)) + 3


def by_the_formula(first: np.ndarray, second: np.ndarray) -> float:
    covariances = [np.cov(each, rowvar=False) for each in (first, second)]
    root = linalg.sqrtm(covariances[0] @ covariances[1])
    apart = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    return float(apart + np.trace(covariances[0] + covariances[1] - 2 * root.real))


def test_it_is_what_the_formula_says() -> None:
    first, second = features(300, 12, 1), features(200, 12, 2)
    assert frechet_distance(first, second) == pytest.approx(by_the_formula(first, second))


@pytest.mark.parametrize(("rows", "width"), [(300, 12), (10, 40)])
def test_equal_sets_are_no_distance_apart(rows: int, width: int) -> None:
    """Also where there are fewer rows than features, and the covariance is singular."""
    first = features(rows, width, 3)
    scale = np.square(first).sum(axis=1).mean()
    shuffled = first[np.random.default_rng(0).permutation(rows)]
    assert 0 <= frechet_distance(first, first) < 1e-12 * scale
    assert 0 <= frechet_distance(first, shuffled) < 1e-12 * scale


@pytest.mark.parametrize(("rows", "width"), [(300, 12), (10, 40)])
def test_it_is_symmetric(rows: int, width: int) -> None:
    first, second = features(rows, width, 4), features(rows + 5, width, 5)
    found = frechet_distance(first, second)
    assert found > 0
    assert frechet_distance(second, first) == pytest.approx(found, rel=1e-12)


def test_a_shift_and_a_scale_are_what_theory_says() -> None:
    first = features(500, 6, 6)
    assert frechet_distance(first, first + 2) == pytest.approx(6 * 4)
    spread = np.trace(np.cov(first, rowvar=False))
    centred = first - first.mean(axis=0)
    assert frechet_distance(centred, 3 * centred) == pytest.approx(4 * spread)


def test_features_that_never_vary() -> None:
    first = np.zeros((20, 3))
    first[:, 0] = np.arange(20)
    assert frechet_distance(first, first + np.array([0, 0, 1])) == pytest.approx(1)


def test_features_of_32_bits_are_computed_with_in_64() -> None:
    first = features(300, 8, 7).astype(np.float32) + np.float32(1000)
    assert frechet_distance(first, first) < 1e-6  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (np.zeros((5, 4)), "3 and 4 features"),
        (np.zeros((1, 3)), r"\(1, 3\)"),
        (np.zeros(3), r"\(3,\)"),
        (np.full((5, 3), np.nan), "finite"),
    ],
)
def test_sets_that_cannot_be_compared_are_refused(other: np.ndarray, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        frechet_distance(np.eye(3), other)
