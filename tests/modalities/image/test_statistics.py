from __future__ import annotations

import numpy as np
import pytest

from assay.errors import DataRefused
from assay.gateways.sources.images import png
from assay.modalities.image.statistics import grey_statistics, shrunk


def test_brightness_and_contrast_run_from_black_to_white() -> None:
    black, white = np.zeros((4, 6), np.uint8), np.full((9, 9), 255, np.uint8)
    halves = np.zeros((8, 8), np.uint8)
    halves[:, 4:] = 255
    found = grey_statistics([png(black), png(halves), png(white)], 2)
    np.testing.assert_allclose(found.brightness, [0, 0.5, 1])
    np.testing.assert_allclose(found.contrast, [0, 0.5, 0])
    np.testing.assert_allclose(found.thumbnails, [[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1]])


def test_images_of_many_sizes_come_back_in_their_order() -> None:
    shapes = [(7, 9), (5, 5), (7, 9), (31, 2)]
    images = [np.full(shape, 40 * place, np.uint8) for place, shape in enumerate(shapes)]
    found = grey_statistics([png(image) for image in images], 3)
    np.testing.assert_allclose(found.thumbnails[:, 0] * 255, [0, 40, 80, 120], rtol=1e-6)


def test_a_pixel_is_the_mean_of_its_field() -> None:
    image = np.arange(5 * 7, dtype=np.uint8).reshape(1, 5, 7, 1)
    small = shrunk(image, 2, 3)[0, :, :, 0]
    rows, columns = [slice(0, 2), slice(2, 5)], [slice(0, 2), slice(2, 4), slice(4, 7)]
    expected = [[image[0, r, c, 0].mean() for c in columns] for r in rows]
    np.testing.assert_allclose(small, expected)


def test_an_image_smaller_than_asked_for_is_enlarged() -> None:
    image = np.array([[10, 20], [30, 40]], np.uint8).reshape(1, 2, 2, 1)
    large = shrunk(image, 4, 4)[0, :, :, 0]
    np.testing.assert_array_equal(large, np.kron(image[0, :, :, 0], np.ones((2, 2))))


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(DataRefused, match="not a whole image"):
        grey_statistics([b"no image"], 4)
