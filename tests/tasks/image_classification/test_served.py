from __future__ import annotations

from typing import Any

import pytest
import torch

from assay.tasks.image_classification.served import WEIGHTS, Served
from tests.tasks.image_classification.networks.made import built

pytestmark = pytest.mark.processor


@pytest.mark.parametrize("views", list(WEIGHTS))
def test_the_views_of_an_image_are_averaged(views: Any) -> None:
    model, pixels = built("speednet")
    model.eval()
    size = 20
    found = Served(model, size, views)(pixels[:3])
    wide = torch.nn.functional.pad(model.normalised(pixels[:3]), (1, 1, 1, 1), mode="reflect")
    shown = {
        "none": [(1, 1.0)],
        "flip": [(1, 1.0)],
        "flip+shift": [(1, 0.5), (0, 0.25), (2, 0.25)],
    }[views]
    expected = torch.zeros(3, 7)
    for start, weight in shown:
        view = wide[:, :, start : start + size, start : start + size]
        one = model.network(view)
        if views != "none":
            one = (one + model.network(view.flip(3))) / 2
        expected += weight * one
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert sum(WEIGHTS[views]) == 1


def test_a_mirrored_image_gets_the_same_answer() -> None:
    model, pixels = built("speednet")
    served = Served(model.eval(), 20, "flip")
    torch.testing.assert_close(served(pixels), served(pixels.flip(2)), atol=1e-5, rtol=1e-5)
