from __future__ import annotations

import pytest

from assay.errors import SettingsError
from tests.tasks.image_classification.networks.made import built

pytestmark = pytest.mark.processor


def test_lenet_is_the_tutorials() -> None:
    model, _ = built("lenet", size=32)
    shapes = [tuple(weight.shape) for weight in model.parameters() if weight.ndim > 1]
    assert shapes == [(6, 3, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (7, 84)]


def test_lenet_refuses_images_that_its_convolutions_use_up() -> None:
    with pytest.raises(SettingsError, match=r"train\.size is 12"):
        built("lenet", size=12)
