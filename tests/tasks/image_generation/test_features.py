from __future__ import annotations

import numpy as np
import pytest

from assay.tasks.image_generation.features import COMPONENTS, SIDE, Features

RANDOM = np.random.default_rng(0)


def images(rows: int, side: int, channels: int = 1) -> np.ndarray:
    tone = RANDOM.integers(0, 200, (rows, 1, 1, 1))
    return (tone + RANDOM.integers(0, 56, (rows, side, side, channels))).astype(np.uint8)


def test_features_are_principal_components_with_the_first_the_widest() -> None:
    train = images(400, 12)
    features = Features.of(train)
    found = features(train)
    assert found.shape == (400, COMPONENTS)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)
    spread = found.std(axis=0)
    assert (np.diff(spread) <= 1e-9).all()
    correlated = np.corrcoef(found[:, 0], train.mean(axis=(1, 2, 3)))[0, 1]
    assert abs(correlated) > 0.99


def test_larger_images_are_shrunk_first() -> None:
    train = images(40, 2 * SIDE, 3)
    features = Features.of(train)
    assert features.side == SIDE
    assert "(28 a side)" in features.name
    again = features(
        train.reshape(40, SIDE, 2, SIDE, 2, 3).mean(axis=(2, 4)).round().astype(np.uint8)
    )
    np.testing.assert_allclose(features(train), again, atol=0.1)


def test_few_numbers_have_few_components() -> None:
    assert Features.of(images(30, 4))(images(2, 4)).shape == (2, 15)


@pytest.mark.parametrize("side", [12, 40])
def test_a_row_does_not_depend_on_its_neighbours(side: int) -> None:
    train = images(60, side)
    features = Features.of(train)
    np.testing.assert_allclose(features(train)[7:8], features(train[7:8]), atol=1e-9)
