from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle.classifier import Classifier
from assay.modalities.image.encoding import of_bundle
from assay.tasks.image_classification import robustness
from assay.tasks.image_classification.robustness import blurred, noisy, shifted, spread
from tests.tasks.image_classification.made import png, shades, write_bundle

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

NAMES = ["none", *robustness.CORRUPTIONS]


@pytest.fixture
def bundle(tmp_path: Path) -> Classifier:
    write_bundle(tmp_path / "bundle")
    return Classifier.open(tmp_path / "bundle", of_bundle, threads=1)


def random(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_noise_has_the_named_strength_and_stays_in_range() -> None:
    image = np.full((64, 64, 3), 128, np.uint8)
    changed = noisy(image, random())
    assert changed.dtype == np.uint8
    assert changed.astype(float).std() / 255 == pytest.approx(0.05, rel=0.05)
    edges = noisy(np.full((64, 64, 1), 255, np.uint8), random())
    assert edges.min() > 150, "no value runs over from white to black"


def test_a_blurred_pixel_is_the_mean_of_nine() -> None:
    image = random().integers(0, 256, (6, 5, 3), dtype=np.uint8)
    changed = blurred(image, random())
    assert changed.shape == image.shape
    assert changed[2, 3, 1] == round(float(image[1:4, 2:5, 1].mean()))
    corner = image[[0, 0, 1]][:, [0, 0, 1], 0]
    assert changed[0, 0, 0] == round(float(corner.mean()))


def test_a_shift_moves_by_two_pixels_in_four_directions() -> None:
    image = np.zeros((9, 9, 1), np.uint8)
    image[4, 4] = 255
    moved = {
        tuple(int(place[0]) - 4 for place in np.nonzero(shifted(image, random(seed))[:, :, 0]))
        for seed in range(40)
    }
    assert moved == {(0, 2), (0, -2), (2, 0), (-2, 0)}


def test_rows_are_spread_evenly_and_all_taken_where_they_are_few() -> None:
    assert spread(5, 9).tolist() == [0, 1, 2, 3, 4]
    assert spread(10, 4).tolist() == [0, 2, 5, 7]
    assert spread(0, 4).tolist() == []


def test_what_only_looks_at_the_mean_loses_nothing(bundle: Classifier) -> None:
    test = shades(60)
    found = robustness.robustness(bundle, test, resamples=200, seed=3)
    assert found["corruption"].tolist() == NAMES
    assert found["rows"].tolist() == [60] * 4
    numbers = bundle.predict(test["image"].tolist()).probabilities.argmax(axis=1)
    predicted = [bundle.labels[number] for number in numbers]
    assert found["accuracy"].iloc[0] == pytest.approx(np.mean(test["label"] == predicted))
    assert found["against_none"].abs().max() < 0.05
    assert (found["low"] <= found["against_none"]).all()
    assert (found["against_none"] <= found["high"]).all()
    assert found.iloc[0][["against_none", "low", "high"]].tolist() == [0, 0, 0]


def test_what_depends_on_the_place_loses_by_a_shift(bundle: Classifier) -> None:
    """Half black, half nearly white: dark as it stands, bright when moved to the left."""
    image = np.zeros((12, 12), np.uint8)
    image[:, 6:] = 254
    test = shades(40).assign(image=png(image), label="dark")
    found = robustness.robustness(bundle, test, resamples=200, seed=3).set_index("corruption")
    left = [random_of(row).integers(4) == 1 for row in range(40)]
    assert found.loc["none", "accuracy"] == 1
    moved = found.loc["shift by 2 pixels"]
    assert moved["accuracy"] == pytest.approx(1 - np.mean(left))
    assert moved["low"] < moved["against_none"] < moved["high"] < 0
    assert found.loc["box blur, 3 x 3", "against_none"] == 0


def random_of(row: int) -> np.random.Generator:
    return np.random.default_rng([3, row])


def test_the_same_seed_gives_the_same_table_and_another_one_other_noise(bundle: Classifier) -> None:
    test = shades(40)
    first, second = (robustness.robustness(bundle, test, resamples=200, seed=3) for _ in range(2))
    assert first.equals(second)
    image = np.full((4, 4, 1), 99, np.uint8)
    assert not np.array_equal(noisy(image, random(3)), noisy(image, random(4)))


def test_a_rows_noise_does_not_depend_on_its_neighbours(bundle: Classifier) -> None:
    """Odd rows have another width, so that batches hold other rows than neighbours."""
    images = np.random.default_rng(0).integers(0, 256, (3, 5, 5, 1), dtype=np.uint8)
    together = robustness._corrupted(images, NAMES[1], 7, [4, 9, 2])
    alone = robustness._corrupted(images[1:2], NAMES[1], 7, [9])
    np.testing.assert_array_equal(together[1:2], alone)


def test_a_large_image_is_shrunk_to_what_the_network_sees() -> None:
    large = np.zeros((2, 40, 100, 1), np.uint8)
    assert robustness._as_seen(large, 32).shape == (2, 32, 32, 1)
    small = large[:, :20, :31]
    assert robustness._as_seen(small, 32) is small
