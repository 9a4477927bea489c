from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from assay.reporting import grid

if TYPE_CHECKING:
    from pathlib import Path


def images(count: int, channels: int = 1) -> np.ndarray:
    """Grey or coloured ones, 3 by 5, without white."""
    shape = (count, 3, 5, channels)
    return np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_stands_in_its_place(channels: int) -> None:
    given = images(7, channels)
    whole = grid.grid(given, 3)
    assert whole.shape == (3 * 3 + 2 * grid.GAP, 3 * 5 + 2 * grid.GAP, channels)
    rest = whole.astype(int)
    for number, image in enumerate(given):
        top, left = number // 3 * (3 + grid.GAP), number % 3 * (5 + grid.GAP)
        np.testing.assert_array_equal(whole[top : top + 3, left : left + 5], image)
        rest[top : top + 3, left : left + 5] = grid.WHITE
    assert (rest == grid.WHITE).all(), "gaps, and the empty places of the last row"


def test_one_image_is_itself() -> None:
    np.testing.assert_array_equal(grid.grid(images(1), 1), images(1)[0])


def test_a_scale_makes_squares_of_pixels() -> None:
    whole = grid.grid(images(1), 1, scale=3)
    assert whole.shape == (9, 15, 1)
    np.testing.assert_array_equal(whole[1::3, 1::3], images(1)[0])
    np.testing.assert_array_equal(whole[::3, 2::3], images(1)[0])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_file_holds_the_pixels_and_equal_ones_have_equal_bytes(
    tmp_path: Path, channels: int
) -> None:
    whole = grid.grid(images(7, channels), 3)
    for name in ("one.png", "two.png"):
        grid.write(tmp_path / name, whole)
    seen = np.asarray(Image.open(tmp_path / "one.png"))
    np.testing.assert_array_equal(seen.reshape(whole.shape), whole)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (np.zeros((2, 3, 5), np.uint8), r"\(2, 3, 5\)"),
        (np.zeros((2, 3, 5, 2), np.uint8), r"\(2, 3, 5, 2\)"),
        (np.zeros((2, 3, 5, 1), np.float32), "float32"),
        (np.zeros((0, 3, 5, 1), np.uint8), "0 images"),
    ],
)
def test_what_is_no_images_is_refused(given: np.ndarray, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        grid.grid(given, 1)


def test_no_column_is_refused() -> None:
    with pytest.raises(ValueError, match="0 columns"):
        grid.grid(images(2), 0)
