from __future__ import annotations

import numpy as np
import torch

from assay.bundle.golden import ROWS
from assay.tasks.image_classification.golden import drawn


def _images() -> torch.Tensor:
    random = np.random.default_rng(0)
    return torch.from_numpy(random.integers(0, 256, (40, 6, 6, 3), dtype=np.uint8))


def test_rows_are_averages_that_are_none_of_the_images() -> None:
    images = _images()
    found = drawn(images)
    assert len(found) == ROWS
    known = {image.tobytes() for image in images.numpy()}
    for feeds in found:
        assert feeds["pixels"].shape == (1, 6, 6, 3)
        assert feeds["pixels"].dtype == np.uint8
        assert feeds["pixels"][0].tobytes() not in known
        assert 60 < feeds["pixels"].mean() < 190


def test_they_are_drawn_from_a_seed() -> None:
    for one, two in zip(drawn(_images()), drawn(_images()), strict=True):
        np.testing.assert_array_equal(one["pixels"], two["pixels"])
