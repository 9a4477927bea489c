"""What an image becomes depends on (seed, epoch, row) alone, and is what the settings say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from assay.tasks.image_classification.augment import augmented
from assay.tasks.image_classification.settings import ImageTrain

pytestmark = pytest.mark.processor

ROWS, SIDE = 60, 12
# Every pixel of an image differs from every other one.
IMAGES = torch.from_numpy(
    np.stack([np.random.default_rng(row).permutation(SIDE * SIDE) for row in range(ROWS)])
    .reshape(ROWS, SIDE, SIDE, 1)
    .astype(np.uint8)
)
ALL = list(range(ROWS))


def _settings(**changes: Any) -> ImageTrain:
    plain = {"flip": "none", "crop": 0, "cutout": 0, "seed": 5, "channels": 1}
    return ImageTrain.model_validate(plain | changes)


@pytest.mark.parametrize("flip", ["random", "alternating"])
def test_a_rows_image_depends_on_no_other_row_of_its_batch(flip: str) -> None:
    settings = _settings(flip=flip, crop=3, cutout=4)
    together = augmented(IMAGES, ALL, 2, settings)
    alone = torch.cat([augmented(IMAGES, [row], 2, settings) for row in reversed(ALL)])
    assert torch.equal(together, alone.flip(0))


def test_epoch_and_seed_change_it() -> None:
    settings = _settings(flip="random", crop=3)
    first = augmented(IMAGES, ALL, 0, settings)
    assert torch.equal(first, augmented(IMAGES, ALL, 0, settings))
    assert not torch.equal(first, augmented(IMAGES, ALL, 1, settings))
    other = settings.model_copy(update={"seed": 6})
    assert not torch.equal(first, augmented(IMAGES, ALL, 0, other))


def test_nothing_asked_for_changes_nothing() -> None:
    assert torch.equal(augmented(IMAGES, ALL, 3, _settings()), IMAGES)


def test_alternating_flips_show_both_sides_in_every_two_epochs() -> None:
    settings = _settings(flip="alternating")
    for epoch in range(4):
        found = augmented(IMAGES, ALL, epoch, settings)
        mirrored = [torch.equal(found[row], IMAGES[row].flip(1)) for row in ALL]
        assert all(torch.equal(found[r], IMAGES[r]) != mirrored[r] for r in ALL)
        assert 15 < sum(mirrored) < 45
        following = augmented(IMAGES, ALL, epoch + 1, settings)
        assert torch.equal(following, found.flip(2))


def test_a_random_flip_is_a_coin_each_epoch() -> None:
    settings = _settings(flip="random")
    shares = [
        float(
            (augmented(IMAGES, ALL, epoch, settings) == IMAGES).all(3).all(2).all(1).float().mean()
        )
        for epoch in range(8)
    ]
    assert 0.4 < np.mean(shares) < 0.6
    assert len(set(shares)) > 2


def test_a_crop_is_a_window_of_the_reflected_image() -> None:
    most = 3
    found = augmented(IMAGES, ALL, 1, _settings(crop=most))
    shifts = set()
    for row in ALL:
        wide = np.pad(IMAGES[row, :, :, 0].numpy(), most, mode="reflect")
        windows = {
            (down - most, right - most)
            for down in range(2 * most + 1)
            for right in range(2 * most + 1)
            if np.array_equal(wide[down : down + SIDE, right : right + SIDE], found[row, :, :, 0])
        }
        assert len(windows) == 1, "each image is one window of its own"
        shifts |= windows
    assert {down for down, _ in shifts} == {right for _, right in shifts} == set(range(-3, 4))


def test_a_hole_is_black_and_no_larger_than_asked() -> None:
    bright = torch.full((ROWS, SIDE, SIDE, 3), 200, dtype=torch.uint8)
    found = augmented(bright, ALL, 0, _settings(cutout=4, channels=3))
    black = (found == 0).all(3)
    assert bool(((found == 0).any(3) == black).all()), "all channels alike"
    sizes = black.sum((1, 2))
    assert int(sizes.max()) == 16
    assert int(sizes.min()) >= 4, "at an edge, a quarter at least"
    assert bool((bright == 200).all()), "what is kept is not touched"
